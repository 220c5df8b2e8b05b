import type { Clock } from '../clock.ts'
import { isDomainError } from '../errors.ts'
import type { Log } from '../log.ts'
import { keys } from '../objects/keys.ts'
import { type Act, type Carried, type CarryPorts, type CarrySignals, carry } from './carry.ts'
import { type DeployRequest, requestDocument } from './documents.ts'
import type { Leases } from './lease.ts'
import { type ReconcilePorts, reconciler } from './reconcile.ts'
import { closeUnbegun } from './request-deploy.ts'
import { hasNews } from './resting.ts'
import { isGated } from './rollout/approving.ts'
import { isOver, type Rollout } from './rollout/model.ts'
import { finish, rest, type ServiceState, serviceDocument, start } from './service-state.ts'
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
  /** How long what is in hand may take once the worker is told to stop; then it ends at once. */
  readonly stopSeconds: number
}

/** How a worker ends. */
interface Leaving {
  /** Nothing is begun any more. */
  readonly leaving: AbortSignal
  /** Everything ends at once. */
  readonly stop: AbortSignal
  /** Services whose work another worker is to go on with. */
  readonly left: Set<string>
}

/**
 * Takes jobs from the queue, and looks by itself for what the queue lost and for deploys whose worker died. Told to leave, by the signal
 * or by being disposed of, it begins nothing more, lets what is in hand end for so long, and hands over.
 */
export async function startWorker(
  ports: WorkerPorts,
  settings: WorkerSettings,
  told: AbortSignal = new AbortController().signal,
): Promise<DeployWorker> {
  const [leaving, stop, gone] = [new AbortController(), new AbortController(), new AbortController()]
  const end: Leaving = { leaving: leaving.signal, stop: stop.signal, left: new Set() }
  const busy = new Map<string, Promise<void>>()
  const elsewhere = new Set<string>()
  const work = async (service: string): Promise<void> => {
    // After what is in hand, not beside it: that one may have looked for the last time already.
    const before = busy.get(service) ?? Promise.resolve()
    const working = before.catch(() => undefined).then(() => workOn(ports, service, end, elsewhere))
    busy.set(service, working)
    await working.finally(() => {
      if (busy.get(service) === working) busy.delete(service)
    })
  }
  const consumer = await watchedConsumer(ports, work, settings.concurrency)
  const found = (service: string) => {
    if (busy.size < settings.concurrency && !busy.has(service)) work(service).catch(ports.report)
  }
  const looking = lookForWork(ports, settings, leaving.signal, consumer, found)
  const following = followLeases(ports.clock, elsewhere, leaving.signal, found)
  const leave = async () => {
    leaving.abort()
    void ports.clock.sleep(settings.stopSeconds * 1000, gone.signal).then(() => stop.abort())
    await Promise.all([looking, following])
    await Promise.allSettled(busy.values())
    gone.abort()
    await consumer[Symbol.asyncDispose]()
    // Only now: it would have been our own consumer that took it. Without a queue others find it by themselves.
    await Promise.all([...end.left].map((service) => ports.queue.enqueue(service).catch(() => undefined)))
  }
  let left: Promise<void> | undefined
  const leaveOnce = () => {
    left ??= leave()
    return left
  }
  const toldTo = () => void leaveOnce().catch(ports.report)
  told.addEventListener('abort', toldTo, { once: true })
  if (told.aborted) toldTo()
  return {
    work,
    async [Symbol.asyncDispose]() {
      told.removeEventListener('abort', toldTo)
      await leaveOnce()
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

/** Seldom enough to cost a store nothing, often enough that what a dead worker left is not missed for long. */
const followMilliseconds = 2_000

/** What another worker holds is asked for often, apart from all the other looking: it goes on soon after the lease has expired. */
async function followLeases(
  clock: Clock,
  elsewhere: ReadonlySet<string>,
  signal: AbortSignal,
  found: (service: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(followMilliseconds, signal)
    if (!signal.aborted) for (const service of [...elsewhere]) found(service)
  }
}

/** Deploy after deploy, until none waits, or only for a person; where another worker holds the service that is noted. */
async function workOn(ports: WorkerPorts, service: string, end: Leaving, elsewhere: Set<string>): Promise<void> {
  const { leaving, stop, left } = end
  if (leaving.aborted) return void left.add(service)
  await using lease = await ports.leases.acquire(service)
  if (lease === undefined) return void elsewhere.add(service)
  elsewhere.delete(service)
  const signal = AbortSignal.any([stop, lease.lost])
  try {
    for (;;) {
      if (leaving.aborted) return void left.add(service)
      const next = await nextDeploy(ports, service)
      if (next === undefined || signal.aborted) return
      const rollout = await carryWithCrew(ports, { service, fence: lease.fence, ...next }, { signal, leaving })
      await conclude(ports, rollout)
    }
  } catch (error) {
    // Not a failure: another worker goes on from the document, or this one will when it finds it again.
    if (!isDomainError(error, 'lease-lost')) throw error
    if (leaving.aborted) left.add(service)
    ports.log.info(`Let go of ${service}: ${error.message}`, { service })
  }
}

async function nextDeploy(ports: WorkerPorts, service: string): Promise<Pick<Carried, 'id' | 'rested'> | undefined> {
  const before = await ports.documents.read(serviceDocument, keys.service(service))
  if (before === undefined) return undefined
  await closeUnbegun(ports, service, before.value)
  const { running, resting, gated } = before.value
  const rests = running === undefined ? gated : resting
  const awake = rests === undefined || (await hasNews(ports, service, rests)) ? rests : undefined
  if (running !== undefined && running === resting && awake === undefined) return undefined
  const id = (await change(ports, service, (state) => start(state, awake)))?.running
  return id === undefined ? undefined : { id, rested: id === awake }
}

async function carryWithCrew(ports: WorkerPorts, deploy: Carried, signals: CarrySignals): Promise<Rollout> {
  const { service, id, fence } = deploy
  const request = await ports.documents.read(requestDocument, keys.deployRequest(service, id))
  if (request === undefined) throw new Error(`The deploy ${id} is in its service's document, but has no request.`)
  ports.log.info(`Carrying ${id}.`, { deploy: id, fence })
  await using crew = ports.crew(request.value, fence)
  const rollout = await carry(ports, deploy, crew.act, signals)
  if (isOver(rollout.phase)) await crew.finish()
  ports.log.info(`${id} ${rollout.phase}.`, { deploy: id, phase: rollout.phase, reason: rollout.reason })
  return rollout
}

/** It has ended, or waits for a person: in its service's document somebody finds it again. */
async function conclude(ports: WorkerPorts, rollout: Rollout): Promise<void> {
  const { service, deploy, project, version, phase, finishedAt } = rollout
  const at = new Date(finishedAt ?? ports.clock.now()).toISOString()
  const deployed = { deploy, version, project }
  await change(ports, service, (state) =>
    isOver(phase) ? finish(state, deployed, phase, at) : rest(state, deployed, isGated(rollout), at),
  )
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
