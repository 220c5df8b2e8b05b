import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { leasesIn } from '../../../src/deploy/lease.ts'
import type { Effect, Rollout } from '../../../src/deploy/rollout/model.ts'
import { isOver } from '../../../src/deploy/rollout/model.ts'
import { type ServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { startWorker } from '../../../src/deploy/worker.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeFleet } from '../../support/fake-fleet.ts'
import { mortalStore, type Turn } from '../../support/mortal-store.ts'

const deploy = 'web.production.1'
const definition = aDefinition()

/** A world with one promotion that nobody has considered yet. */
async function world(breaks?: (effect: Effect) => boolean) {
  const clock = new FakeClock()
  const store = new MemoryStore()
  const pointer = { serial: 1, version: '1.1.0', files: [], at: '2026-01-01T00:00:00Z', by: 'ci', attempt: 'a' }
  await documentsOn(store).create(channelsDocument, keys.channels('app'), { production: [pointer] })
  return { clock, store, fleet: new FakeFleet(['n1', 'n2', 'n3'], clock, breaks) }
}

type World = Awaited<ReturnType<typeof world>>

/** One worker process: what it asks of the store and of the nodes counts as its turns. */
async function aProcess({ clock, store, fleet }: World, holder: string, turn: (n: number) => Turn, exclusive = true) {
  const mortal = mortalStore(store, turn, exclusive)
  const documents = documentsOn(mortal.store)
  const problems: unknown[] = []
  const decided: [attempt: string, stored: readonly string[]][] = []
  const report = (error: unknown) => void problems.push(error)
  const worker = startWorker(
    {
      documents,
      clock,
      queue: inProcessQueue(report),
      bus: inProcessBus(report),
      log: { info: () => undefined, error: () => undefined },
      leases: leasesIn(documents, clock, { holder, termSeconds: 30 }),
      services: { web: definition },
      report,
      crew: (_request, fence) => ({
        act: async (effect, rollout) => {
          decided.push([effect.attempt, await storedEffects(store)])
          return await fleet.act(fence, effect, rollout)
        },
        finish: async () => undefined,
        [Symbol.asyncDispose]: async () => undefined,
      }),
    },
    { concurrency: 4, lookSeconds: 10 },
  )
  worker.catch(report)
  return { ...mortal, problems, decided }
}

async function storedEffects(store: MemoryStore): Promise<readonly string[]> {
  const head = await documentsOn(store).read(headDocument, keys.deployHead('web', deploy))
  return head?.value.effects.map(({ attempt }) => attempt) ?? []
}

async function headIn({ store }: World): Promise<Rollout | undefined> {
  return (await documentsOn(store).read(headDocument, keys.deployHead('web', deploy)))?.value
}

async function stateIn({ store }: World): Promise<ServiceState | undefined> {
  return (await documentsOn(store).read(serviceDocument, keys.service('web')))?.value
}

/** Over, and written into the service's history, so that the next deploy may come. */
async function isConcluded(here: World): Promise<boolean> {
  const [head, state] = [await headIn(here), await stateIn(here)]
  return (
    head !== undefined &&
    isOver(head.phase) &&
    state !== undefined &&
    state.running === undefined &&
    state.recent.length > 0
  )
}

function expectWhole({ fleet }: World, release: RegExp): void {
  for (const node of fleet.nodes) {
    expect(node.running).toMatch(release)
    expect(node.serving).toBe(true)
  }
  expect(fleet.mostOutOfService).toBe(1)
  expect(new Set(fleet.started).size).toBe(fleet.started.length)
}

const alive = (): Turn => 'goes'
const breaksOnSecond = ({ kind, node }: Effect) => kind === 'activate' && node === 'n2'
const outcomes = [
  ['a good release', undefined, 'succeeded', /^1\.1\.0-d{12}$/],
  ['a release that breaks the second node', breaksOnSecond, 'rolled_back', /^1\.0\.0-old$/],
] as const

describe.each(outcomes)(
  'a worker that dies at any of its calls to the store, with %s',
  (_name, breaks, phase, release) => {
    it.each(['dies-before', 'dies-after'] as const)(
      '%s: the next one finishes it, and runs nothing twice',
      async (death) => {
        const calm = await world(breaks)
        const only = await aProcess(calm, 'only', alive)
        await calm.clock.passUntil(() => isConcluded(calm))
        const calls = only.calls()
        expect(calls).toBeGreaterThan(20)
        for (let n = 1; n <= calls; n++) {
          const here = await world(breaks)
          const first = await aProcess(here, 'first', (call) => (call === n ? death : 'goes'))
          await here.clock.passUntil(() => first.isDead())
          const second = await aProcess(here, 'second', alive)
          await here.clock.passUntil(() => isConcluded(here))
          expect((await headIn(here))?.phase, `at call ${n}`).toBe(phase)
          expectWhole(here, release)
          expect(second.problems).toEqual([])
        }
      },
    )

    it('takes over where the store is shared once the lease was not renewed for its term', async () => {
      const here = await world(breaks)
      const first = await aProcess(here, 'first', (call) => (call === 25 ? 'dies-after' : 'goes'), false)
      await here.clock.passUntil(() => first.isDead())
      const died = here.clock.now()
      await aProcess(here, 'second', alive, false)
      const fence = (await headIn(here))?.fence ?? 0
      await here.clock.passUntil(async () => ((await headIn(here))?.fence ?? 0) > fence)
      expect(here.clock.now() - died).toBeGreaterThanOrEqual(30_000)
      await here.clock.passUntil(() => isConcluded(here))
      expect((await headIn(here))?.phase).toBe(phase)
      expectWhole(here, release)
    })

    it('does no harm when one that was held up for a minute goes on after another has taken over', async () => {
      const calm = await world(breaks)
      const only = await aProcess(calm, 'only', alive, false)
      await calm.clock.passUntil(() => isConcluded(calm))
      for (let n = 3; n <= only.calls(); n++) {
        const here = await world(breaks)
        const heldUp = () => here.clock.sleep(60_000)
        await aProcess(here, 'first', (call) => (call === n ? { heldUp: heldUp() } : 'goes'), false)
        await aProcess(here, 'second', alive, false)
        await here.clock.passUntil(() => isConcluded(here))
        // And the one that was held up has had its say too.
        const after = here.clock.now() + 90_000
        await here.clock.passUntil(() => here.clock.now() >= after)
        expect((await headIn(here))?.phase, `at call ${n}`).toBe(phase)
        expectWhole(here, release)
      }
    })
  },
)

it('saves what it decided before it acts on it', async () => {
  const here = await world()
  const only = await aProcess(here, 'only', alive)
  await here.clock.passUntil(() => isConcluded(here))
  expect(only.decided.length).toBeGreaterThan(10)
  for (const [attempt, stored] of only.decided) expect(stored).toContain(attempt)
})
