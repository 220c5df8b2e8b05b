import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { BusEvent, EventBus } from '../queue/event-bus.ts'
import { headDocument } from './documents.ts'
import { serviceOfDeploy } from './request-deploy.ts'
import { isOver, type Rollout } from './rollout/model.ts'

export interface WatchPorts {
  readonly documents: Documents
  readonly bus: EventBus
  readonly clock: Clock
}

/** Rejects with `deploy-not-found`. */
export async function readRollout(documents: Documents, deploy: string): Promise<Rollout> {
  const service = serviceOfDeploy(deploy)
  const known = /^[a-z0-9-]+(\.[a-z0-9-]+){2}$/.test(deploy)
  const head = known ? await documents.read(headDocument, keys.deployHead(service, deploy)) : undefined
  if (head !== undefined) return head.value
  throw new DomainError('deploy-not-found', `There is no deploy "${deploy.slice(0, 200)}".`, {
    deploy: deploy.slice(0, 200),
  })
}

/** The deploys as they are once all are over, or the time is. */
export function untilOver(
  ports: WatchPorts,
  deploys: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<readonly Rollout[]> {
  return watchUntil(ports, deploys, seconds, ({ phase }) => isOver(phase), signal)
}

/** The deploys as they are once each is as wanted, or the time is over. News of the bus may be lost: one looks each second too. */
export async function watchUntil(
  ports: WatchPorts,
  deploys: readonly string[],
  seconds: number,
  isWanted: (rollout: Rollout) => boolean,
  signal: AbortSignal,
): Promise<readonly Rollout[]> {
  const until = ports.clock.monotonic() + seconds * 1000
  let news = new AbortController()
  const listener = ({ topic, id }: BusEvent) => {
    if (topic === 'deploy' && deploys.includes(id)) news.abort()
  }
  // Not waited for: while the bus is away this would hold up what can be answered from the store. Caught where it begins,
  // as a rejection that nobody minds until the end of the wait would end the process.
  const subscription = ports.bus.subscribe(listener).catch(() => undefined)
  try {
    for (;;) {
      news = new AbortController()
      const rollouts = await Promise.all(deploys.map((deploy) => readRollout(ports.documents, deploy)))
      const left = until - ports.clock.monotonic()
      if (left <= 0 || signal.aborted || rollouts.every(isWanted)) return rollouts
      await ports.clock.sleep(Math.min(1_000, left), AbortSignal.any([news.signal, signal]))
    }
  } finally {
    void subscription.then((subscribed) => subscribed?.[Symbol.dispose]())
  }
}
