import type { Clock } from '../clock.ts'
import type { DeployQueue } from '../queue/deploy-queue.ts'

export interface WatchedPorts {
  readonly queue: DeployQueue
  readonly clock: Clock
  readonly report: (error: unknown) => void
  readonly metrics: {
    /** A consumer was found deaf, and opened anew. */
    queueReopened(): void
  }
}

export interface WatchedConsumer extends AsyncDisposable {
  /** Asked now and then: opens the consumer anew where jobs have waited for long while it did nothing. */
  look(): Promise<void>
}

/** Milliseconds. A queue that is merely slow hands out within a second. */
const patience = 30_000

/**
 * A consumer that takes nothing though jobs wait: those of queue libraries have fallen silent after outages, and said nothing.
 * Work is found without the queue as well, only later; nobody would see why.
 */
export async function watchedConsumer(
  { queue, clock, report, metrics }: WatchedPorts,
  handle: (service: string) => Promise<void>,
  concurrency: number,
): Promise<WatchedConsumer> {
  let [inHand, sign] = [0, clock.monotonic()]
  const work = async (service: string) => {
    inHand += 1
    await handle(service).finally(() => {
      inHand -= 1
      sign = clock.monotonic()
    })
  }
  const open = () => queue.consume(work, concurrency)
  let consumer = await open()
  return {
    async look() {
      // Where the queue is away nothing waits there for us: it comes back by itself, or is deaf then.
      const waiting = inHand > 0 ? 0 : await queue.waiting().catch(() => 0)
      const now = clock.monotonic()
      if (waiting === 0 || inHand > 0) sign = now
      if (now - sign < patience) return
      const seconds = Math.round((now - sign) / 1000)
      report(
        new Error(`The queue has held ${waiting} waiting for ${seconds} s and handed out none: it is opened anew.`),
      )
      metrics.queueReopened()
      sign = now
      await consumer[Symbol.asyncDispose]()
      consumer = await open()
    },
    [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
  }
}
