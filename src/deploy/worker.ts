import { isDomainError } from '../errors.ts'
import type { Log } from '../log.ts'
import { keys } from '../objects/keys.ts'
import { type Act, type CarryPorts, carry } from './carry.ts'
import { type DeployRequest, requestDocument } from './documents.ts'
import type { HeldLease, Leases } from './lease.ts'
import { type ReconcilePorts, reconciler } from './reconcile.ts'
import { closeUnbegun } from './request-deploy.ts'
import type { Rollout } from './rollout/model.ts'
import { finish, type ServiceState, serviceDocument, start } from './service-state.ts'
import { type WatchedConsumer, type WatchedPorts, watchedConsumer } from './watched-consumer.ts'

/** What acts for one deploy, from when a worker takes it until it lets go. */
export interface Crew extends AsyncDisposable {
  readonly act: Act
  /** After the deploy's end: what was made for it alone is taken away. */
  finish(): Promise<void>
}

export interface WorkerPorts extends ReconcilePorts, Pick<CarryPorts, 'news'>, WatchedPorts {
  readonly leases: Leases
  readonly log: Log
  crew(request: DeployRequest, fence: number): Crew
}

export interface DeployWorker extends AsyncDisposable {
  /** Does what there is to do for a service, unless another worker does. */
  work(service: string): Promise<void>
}

export interface WorkerSettings {
  /** Services worked on at once. */
  readonly concurrency: number
  /** How often the store is asked for work that no job told of. */
  readonly lookSeconds: number
}

/** Takes jobs from the queue, and looks by itself for what the queue lost and for deploys whose worker died. */
export async function startWorker(ports: WorkerPorts, settings: WorkerSettings): Promise<DeployWorker> {
  const stop = new AbortController()
  const busy = new Map<string, Promise<void>>()
  const work = async (service: string): Promise<void> => {
    // After what is in hand, not beside it: that one may have looked for the last time already.
    const before = busy.get(service) ?? Promise.resolve()
    const working = before.catch(() => undefined).then(() => workOn(ports, service, stop.signal))
    busy.set(service, working)
    await working.finally(() => {
      if (busy.get(service) === working) busy.delete(service)
    })
  }
  const consumer = await watchedConsumer(ports, work, settings.concurrency)
  const looking = lookForWork(ports, settings, stop.signal, consumer, (service) => {
    if (busy.size < settings.concurrency && !busy.has(service)) work(service).catch(ports.report)
  })
  return {
    work,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
      await Promise.allSettled(busy.values())
      await consumer[Symbol.asyncDispose]()
    },
  }
}

async function lookForWork(
  ports: WorkerPorts,
  settings: WorkerSettings,
  signal: AbortSignal,
  consumer: WatchedConsumer,
  found: (service: string) => void,
): Promise<void> {
  const reconcile = reconciler(ports)
  while (!signal.aborted) {
    try {
      for (const service of await reconcile()) found(service)
      await consumer.look()
    } catch (error) {
      ports.report(error)
    }
    await ports.clock.sleep(settings.lookSeconds * 1000, signal)
  }
}

/** Deploy after deploy, until none waits. */
async function workOn(ports: WorkerPorts, service: string, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  await using lease = await ports.leases.acquire(service)
  if (lease === undefined) return
  const signal = AbortSignal.any([stop, lease.lost])
  try {
    for (;;) {
      const id = await nextDeploy(ports, service)
      if (id === undefined || signal.aborted) return
      const rollout = await carryWithCrew(ports, service, id, lease, signal)
      await conclude(ports, rollout)
    }
  } catch (error) {
    // Not a failure: another worker goes on from the document, or this one will when it finds it again.
    if (!isDomainError(error, 'lease-lost')) throw error
    ports.log.info(`Let go of ${service}: ${error.message}`, { service })
  }
}

async function nextDeploy(ports: WorkerPorts, service: string): Promise<string | undefined> {
  const before = await ports.documents.read(serviceDocument, keys.service(service))
  if (before === undefined) return undefined
  await closeUnbegun(ports, service, before.value)
  const state = await change(ports, service, start)
  return state?.running
}

async function carryWithCrew(
  ports: WorkerPorts,
  service: string,
  id: string,
  lease: HeldLease,
  signal: AbortSignal,
): Promise<Rollout> {
  const request = await ports.documents.read(requestDocument, keys.deployRequest(service, id))
  if (request === undefined) throw new Error(`The deploy ${id} is in its service's document, but has no request.`)
  ports.log.info(`Carrying ${id}.`, { deploy: id, fence: lease.fence })
  await using crew = ports.crew(request.value, lease.fence)
  const rollout = await carry(ports, { service, id, fence: lease.fence }, crew.act, signal)
  await crew.finish()
  ports.log.info(`${id} ${rollout.phase}.`, { deploy: id, phase: rollout.phase, reason: rollout.reason })
  return rollout
}

async function conclude(
  ports: WorkerPorts,
  { service, deploy, project, version, phase, finishedAt }: Rollout,
): Promise<void> {
  const at = new Date(finishedAt ?? ports.clock.now()).toISOString()
  await change(ports, service, (state) => finish(state, { deploy, version, project }, phase, at))
}

async function change(
  ports: WorkerPorts,
  service: string,
  how: (state: ServiceState) => ServiceState | undefined,
): Promise<ServiceState | undefined> {
  const written = await ports.documents.update(serviceDocument, keys.service(service), (state) => state && how(state))
  if (written !== undefined) ports.bus.publish({ topic: 'service', id: service, serial: written.serial })
  return written?.value
}
