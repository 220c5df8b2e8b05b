import { channelsDocument } from '../../src/channels/model.ts'
import { headDocument } from '../../src/deploy/documents.ts'
import { leasesIn } from '../../src/deploy/lease.ts'
import { type Effect, isOver, type Rollout } from '../../src/deploy/rollout/model.ts'
import { type ServiceState, serviceDocument } from '../../src/deploy/service-state.ts'
import { startWorker } from '../../src/deploy/worker.ts'
import { documentsOn } from '../../src/objects/documents.ts'
import { keys } from '../../src/objects/keys.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { inProcessBus } from '../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../src/queue/in-process-queue.ts'
import { aDefinition } from './definitions.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeFleet } from './fake-fleet.ts'
import { mortalStore, type Turn } from './mortal-store.ts'
import { registryOn } from './registry.ts'

export const deploy = 'web.production.1'
const definition = aDefinition()

/** A world with one promotion that nobody has considered yet. */
export async function aWorld(breaks?: (effect: Effect) => boolean, { nodes = 3, maxUnavailable = 1 } = {}) {
  const clock = new FakeClock()
  const store = new MemoryStore()
  const names = Array.from({ length: nodes }, (_, n) => `n${n + 1}`)
  const pointer = { serial: 1, version: '1.1.0', files: [], at: '2026-01-01T00:00:00Z', by: 'ci', attempt: 'a' }
  await documentsOn(store).create(channelsDocument, keys.channels('app'), { production: [pointer] })
  return { clock, store, fleet: new FakeFleet(names, clock, breaks, maxUnavailable) }
}

export type World = Awaited<ReturnType<typeof aWorld>>

/** One worker process: what it asks of the store and of the nodes counts as its turns. */
export async function aProcess(
  { clock, store, fleet }: Omit<World, 'store'> & { readonly store: ObjectStore },
  holder: string,
  turn: (n: number) => Turn,
  exclusive = true,
  watched = true,
  stopSeconds = 8,
) {
  const mortal = mortalStore(store, turn, exclusive)
  const documents = documentsOn(mortal.store)
  const problems: unknown[] = []
  const decided: [attempt: string, stored: readonly string[]][] = []
  const news: string[] = []
  const report = (error: unknown) => void problems.push(error)
  const worker = startWorker(
    {
      projects: registryOn(mortal.store).projects,
      audit: { record: async () => undefined },
      documents,
      clock,
      queue: inProcessQueue(report),
      bus: inProcessBus(report),
      log: { info: () => undefined, error: () => undefined },
      leases: leasesIn(documents, clock, { holder, termSeconds: 30 }),
      services: { web: definition },
      report,
      metrics: { queueReopened: () => undefined },
      news: async ({ phase }) => void news.push(phase),
      crew: (_request, fence) => ({
        act: async (effect, rollout) => {
          if (watched) decided.push([effect.attempt, await storedEffects(store)])
          return await fleet.act(fence, effect, rollout)
        },
        finish: async () => undefined,
        [Symbol.asyncDispose]: async () => undefined,
      }),
    },
    { concurrency: 4, lookSeconds: 10, stopSeconds },
  )
  worker.catch(report)
  const stop = async () => await (await worker)[Symbol.asyncDispose]()
  return { ...mortal, problems, decided, news, stop }
}

async function storedEffects(store: ObjectStore): Promise<readonly string[]> {
  const head = await documentsOn(store).read(headDocument, keys.deployHead('web', deploy))
  return head?.value.effects.map(({ attempt }) => attempt) ?? []
}

export async function headIn({ store }: World): Promise<Rollout | undefined> {
  return (await documentsOn(store).read(headDocument, keys.deployHead('web', deploy)))?.value
}

export async function stateIn({ store }: World): Promise<ServiceState | undefined> {
  return (await documentsOn(store).read(serviceDocument, keys.service('web')))?.value
}

/** Over, and written into the service's history, so that the next deploy may come. */
export async function isConcluded(here: World): Promise<boolean> {
  const [head, state] = [await headIn(here), await stateIn(here)]
  return (
    head !== undefined &&
    isOver(head.phase) &&
    state !== undefined &&
    state.running === undefined &&
    state.recent.length > 0
  )
}
