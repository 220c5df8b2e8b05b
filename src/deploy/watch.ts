import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents, Versioned } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { BusEvent, EventBus } from '../queue/event-bus.ts'
import { headDocument } from './documents.ts'
import { serviceOfDeploy } from './request-deploy.ts'
import { isOver, type Rollout } from './rollout/model.ts'
import { serviceDocument } from './service-state.ts'

export interface WatchPorts {
  readonly documents: Documents
  readonly bus: EventBus
  readonly clock: Clock
}

/** A deploy as it stood at some moment; its serial grows with each change of it. */
export interface SeenDeploy {
  readonly rollout: Rollout
  readonly serial: number
  /** It is over, and its service's document does not say so yet: whoever carries it writes that next, or who takes over from a dead one. */
  readonly concluding: boolean
}

/** Rejects with `deploy-not-found`. */
export async function seeDeploy(documents: Documents, deploy: string): Promise<SeenDeploy> {
  const { value: rollout, serial } = await readHead(documents, deploy)
  return { rollout, serial, concluding: await isConcluding(documents, rollout) }
}

async function isConcluding(documents: Documents, { service, deploy, phase }: Rollout): Promise<boolean> {
  if (!isOver(phase)) return false
  const state = await documents.read(serviceDocument, keys.service(service))
  return state?.value.running === deploy
}

async function readHead(documents: Documents, deploy: string): Promise<Versioned<Rollout>> {
  const service = serviceOfDeploy(deploy)
  const known = /^[a-z0-9-]+(\.[a-z0-9-]+){2}$/.test(deploy)
  const head = known ? await documents.read(headDocument, keys.deployHead(service, deploy)) : undefined
  if (head !== undefined) return head
  throw deployNotFound(deploy)
}

export function deployNotFound(deploy: string): DomainError {
  const named = deploy.slice(0, 200)
  return new DomainError('deploy-not-found', `There is no deploy "${named}".`, { deploy: named })
}

/** Rejects with `deploy-not-found`. */
export async function readRollout(documents: Documents, deploy: string): Promise<Rollout> {
  return (await readHead(documents, deploy)).value
}

/** The deploys as they are once each is as wanted, or the time is over. */
export async function watchUntil(
  ports: WatchPorts,
  deploys: readonly string[],
  seconds: number,
  isWanted: (rollout: Rollout) => boolean,
  signal: AbortSignal,
): Promise<readonly SeenDeploy[]> {
  let last: readonly SeenDeploy[] = []
  for await (const seen of follow(ports, deploys, seconds, signal, isWanted)) last = seen
  return last
}

/**
 * The deploys as they stand, and again each second and after each change, until each is as wanted (over, where nothing is
 * said), the time is over, or the signal comes. News of the bus may be lost: that is why one looks each second too. One that is over
 * is waited for until its service says so as well: who is told that it succeeded finds it there, and may go on with it.
 */
export async function* follow(
  ports: WatchPorts,
  deploys: readonly string[],
  seconds: number,
  signal: AbortSignal,
  isWanted: (rollout: Rollout) => boolean = isRolloutOver,
): AsyncGenerator<readonly SeenDeploy[], void, void> {
  const until = ports.clock.monotonic() + seconds * 1000
  const isSettled = ({ rollout, concluding }: SeenDeploy) => isWanted(rollout) && !concluding
  const services = deploys.map(serviceOfDeploy)
  let news = new AbortController()
  const listener = ({ topic, id }: BusEvent) => {
    if (topic === 'deploy' && deploys.includes(id)) news.abort()
    if (topic === 'service' && services.includes(id)) news.abort()
  }
  // Not waited for: while the bus is away this would hold up what can be answered from the store. Caught where it begins,
  // as a rejection that nobody minds until the end of the wait would end the process.
  const subscription = ports.bus.subscribe(listener).catch(() => undefined)
  try {
    for (;;) {
      news = new AbortController()
      const seen = await Promise.all(deploys.map((deploy) => seeDeploy(ports.documents, deploy)))
      yield seen
      const left = until - ports.clock.monotonic()
      if (left <= 0 || signal.aborted || seen.every(isSettled)) return
      await ports.clock.sleep(Math.min(1_000, left), AbortSignal.any([news.signal, signal]))
    }
  } finally {
    void subscription.then((subscribed) => subscribed?.[Symbol.dispose]())
  }
}

function isRolloutOver({ phase }: Rollout): boolean {
  return isOver(phase)
}
