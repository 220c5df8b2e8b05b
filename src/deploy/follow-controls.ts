import type { Clock } from '../clock.ts'
import { isDomainError, messageOf } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { EventBus } from '../queue/event-bus.ts'
import { controlsDocument } from './documents.ts'
import type { Control } from './rollout/control.ts'

export interface FollowPorts {
  readonly documents: Documents
  readonly bus: EventBus
  readonly clock: Clock
  readonly report: (error: unknown) => void
}

export interface FollowedControls {
  /** Those that were not handed out before. A store that is away has none for now. */
  look(): Promise<readonly Control[]>
  /** Looks when the bus tells of one, and each second, as news may be lost. Resolves after the signal. */
  follow(take: (controls: readonly Control[]) => void, signal: AbortSignal): Promise<void>
}

/** What people tell a deploy while it is carried. Controls that cannot be read hold up nothing; that is reported once. */
export function controlsOf(
  ports: FollowPorts,
  { service, id }: { readonly service: string; readonly id: string },
): FollowedControls {
  let [version, last, told] = ['', 0, '']

  async function look(): Promise<readonly Control[]> {
    try {
      const found = await ports.documents.readUnless(controlsDocument, keys.deployControls(service, id), version)
      if (found === undefined || found === 'unchanged') return []
      version = found.version
      const fresh = found.value.controls.filter(({ number }) => number > last)
      last = fresh.at(-1)?.number ?? last
      return fresh
    } catch (error) {
      const text = messageOf(error)
      if (!isDomainError(error, 'storage-unavailable') && text !== told) ports.report(error)
      told = text
      return []
    }
  }

  return {
    look,
    async follow(take, signal) {
      let news = new AbortController()
      const wake = () => news.abort()
      signal.addEventListener('abort', wake)
      const subscription = ports.bus
        .subscribe(({ topic, id: about }) => {
          if (topic === 'control' && about === id) wake()
        })
        .catch(() => undefined)
      while (!signal.aborted) {
        news = new AbortController()
        const controls = await look()
        if (controls.length > 0) take(controls)
        if (!signal.aborted) await ports.clock.sleep(1_000, news.signal)
      }
      signal.removeEventListener('abort', wake)
      void subscription.then((subscribed) => subscribed?.[Symbol.dispose]())
    },
  }
}
