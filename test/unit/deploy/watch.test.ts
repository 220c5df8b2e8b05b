import { expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { newServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { watchUntil } from '../../../src/deploy/watch.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const deploy = 'web.production.1'

it('waits for a deploy by looking, where the bus refuses subscribers', async () => {
  const documents = documentsOn(new MemoryStore())
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  await documents.create(headDocument, keys.deployHead('web', deploy), head)
  const bus = { ...inProcessBus(() => undefined), subscribe: () => Promise.reject(new Error('NOPERM')) }
  const strays: unknown[] = []
  const stray = (error: unknown) => strays.push(error)
  process.prependListener('unhandledRejection', stray)
  const ports = { documents, bus, clock: systemClock }
  const isOver = ({ phase }: { readonly phase: string }) => phase === 'succeeded'
  const watched = watchUntil(ports, [deploy], 60, isOver, new AbortController().signal)
  await new Promise((resolve) => setImmediate(resolve))
  await documents.update(headDocument, keys.deployHead('web', deploy), () => ({ ...head, phase: 'succeeded' }))
  expect((await watched).map(({ rollout }) => rollout.phase)).toEqual(['succeeded'])
  process.removeListener('unhandledRejection', stray)
  expect(strays).toEqual([])
})

/** A deploy that has succeeded, and that its service has as the running one still. */
async function endedDeploy() {
  const [documents, bus, clock] = [documentsOn(new MemoryStore()), inProcessBus(() => undefined), new FakeClock()]
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  await documents.create(headDocument, keys.deployHead('web', deploy), { ...head, phase: 'succeeded' })
  await documents.create(serviceDocument, keys.service('web'), { ...newServiceState(), running: deploy })
  const stable = { version: '1.0', deploy }
  return {
    clock,
    wait: (seconds: number) =>
      watchUntil({ documents, bus, clock }, [deploy], seconds, () => true, new AbortController().signal),
    async conclude(andTell: boolean) {
      const state = { ...newServiceState(), stable, desired: stable }
      const written = await documents.update(serviceDocument, keys.service('web'), () => state)
      if (andTell) bus.publish({ topic: 'service', id: 'web', serial: written?.serial ?? 0 })
    },
    stable: async () => (await documents.read(serviceDocument, keys.service('web')))?.value.stable,
  }
}

it.each([
  ['is told so', true],
  ['is not, as news may be lost', false],
])('waits for a deploy that has succeeded until its service says so too, where it %s', async (_how, andTell) => {
  const { wait, conclude, stable, clock } = await endedDeploy()
  let told: unknown
  const waiting = wait(60).then(async ([seen]) => {
    told = [seen?.concluding, await stable()]
  })
  const since = clock.monotonic()
  const later = clock.sleep(5_500).then(() => conclude(andTell))
  await clock.passUntil(() => told !== undefined)
  await Promise.all([waiting, later])
  expect(told).toEqual([false, { version: '1.0', deploy }])
  expect(clock.monotonic() - since).toBe(andTell ? 5_500 : 6_000)
})

it('waits no longer than it was asked to for who takes over from a dead worker, and says that it is not there yet', async () => {
  const { wait, clock } = await endedDeploy()
  let seen: Awaited<ReturnType<typeof wait>> = []
  const waiting = wait(10).then((last) => {
    seen = last
  })
  await clock.passUntil(() => seen.length > 0)
  await waiting
  expect(seen.map(({ rollout, concluding }) => [rollout.phase, concluding])).toEqual([['succeeded', true]])
})
