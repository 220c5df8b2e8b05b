import type { Clock } from '../clock.ts'
import type { Documents, Versioned } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { DeployNotice } from './deploy-notice.ts'
import { type Notice, type Notifier, noticeDocument, type Receiver } from './model.ts'

export interface OutboxPorts {
  readonly documents: Documents
  readonly clock: Clock
  readonly notifier: Notifier
  readonly receivers: readonly Receiver[]
  readonly report: (error: unknown) => void
}

export interface Outbox extends AsyncDisposable {
  /** Resolves once it is kept; it is delivered afterwards, by whichever worker is there. Twice the same is once. */
  put(notice: DeployNotice): Promise<void>
}

const second = 1000
/** Seconds from each try to the next, as Standard Webhooks has them: some three days in all. */
const pauses = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
const lookEverySeconds = 30

/**
 * Tells receivers what happened, however long they are away; what waits is in the store, and any worker brings it. One that
 * takes a notice says so in its document first, so that two do not send it at once; whoever dies meanwhile leaves it to
 * the next try. A receiver that fails fails nothing else.
 */
export function startOutbox(ports: OutboxPorts): Outbox {
  const stop = new AbortController()
  let wake = new AbortController()
  const delivering = (async () => {
    // What waits for receivers that are gone from the configuration waits until there are some again.
    if (ports.receivers.length === 0) return
    while (!stop.signal.aborted) {
      wake = new AbortController()
      await deliverDue(ports, stop.signal).catch(ports.report)
      await ports.clock.sleep(lookEverySeconds * second, AbortSignal.any([stop.signal, wake.signal]))
    }
  })()
  return {
    async put({ id, service, body }) {
      const wanted = ports.receivers.filter(({ services }) => services === undefined || services.includes(service))
      for (const { name: receiver } of wanted) {
        const notice: Notice = { id, receiver, service, body, tries: 0, nextAt: ports.clock.now() }
        await ports.documents.create(noticeDocument, keys.notice(id, receiver), notice)
      }
      wake.abort()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await delivering
    },
  }
}

/** All that is due now, one after the other for each receiver, so that one that hangs holds up no other. */
async function deliverDue(ports: OutboxPorts, signal: AbortSignal): Promise<void> {
  const waiting = new Map<string, string[]>()
  for await (const { key } of ports.documents.store.list(keys.noticePrefix)) {
    const receiver = key.split('/').at(-1) ?? ''
    waiting.set(receiver, [...(waiting.get(receiver) ?? []), key])
  }
  const lines = [...waiting.values()].map(async (notices) => {
    for (const key of notices) {
      if (signal.aborted) return
      await deliverOne(ports, key, signal).catch(ports.report)
    }
  })
  await Promise.all(lines)
}

async function deliverOne(ports: OutboxPorts, key: string, signal: AbortSignal): Promise<void> {
  const { documents, clock, notifier, report } = ports
  const found = await documents.read(noticeDocument, key)
  if (found === undefined || !isDue(found.value, clock.now())) return
  const claimed = await claim(ports, key, found)
  if (claimed === undefined) return
  const outcome = await notifier.deliver(claimed, clock.now(), signal)
  const { receiver, id, tries } = claimed
  if (outcome === 'delivered') return await documents.store.delete(key)
  const problem = outcome === 'gone' ? 'it wants no more of them (410)' : outcome.problem
  const last = outcome === 'gone' || tries > pauses.length
  const ending = last ? 'It is given up.' : `Tried again in ${pauses[tries - 1] ?? 0} s.`
  report(new Error(`The receiver ${receiver} was not told of ${id}: ${problem}. ${ending}`))
  if (last) await documents.store.delete(key)
}

/** One that would wait for longer than any does was written while the clock was wrong. */
function isDue({ nextAt }: Notice, now: number): boolean {
  return nextAt <= now || nextAt - now > Math.max(...pauses) * second
}

/** Ours until the next try is due. `undefined` where another worker was quicker. */
async function claim({ documents, clock }: OutboxPorts, key: string, found: Versioned<Notice>) {
  const tries = found.value.tries + 1
  const next = { ...found.value, tries, nextAt: clock.now() + (pauses[tries - 1] ?? 0) * second }
  const written = await documents.replace(noticeDocument, key, next, found)
  return written === 'conflict' ? undefined : written.value
}
