import type { DeployQueue } from './deploy-queue.ts'

/** The queue of the embedded default. What waits here is lost with the process; the reconciler asks again at start. */
export function inProcessQueue(report: (error: unknown) => void): DeployQueue {
  const waiting = new Set<string>()
  const active = new Map<string, Promise<void>>()
  let consumer: { handle: (service: string) => Promise<void>; concurrency: number } | undefined

  function next(): void {
    for (const service of waiting) {
      if (consumer === undefined || active.size >= consumer.concurrency) return
      // One that is being worked on is handed out again afterwards, not beside it.
      if (active.has(service)) continue
      waiting.delete(service)
      active.set(service, work(service, consumer.handle))
    }
  }

  async function work(service: string, handle: (service: string) => Promise<void>): Promise<void> {
    await Promise.resolve()
    try {
      await handle(service)
    } catch (error) {
      report(error)
    } finally {
      active.delete(service)
      next()
    }
  }

  const stop = async () => {
    consumer = undefined
    await Promise.all(active.values())
  }
  return {
    async enqueue(service) {
      waiting.add(service)
      next()
    },
    async consume(handle, concurrency) {
      consumer = { handle, concurrency }
      next()
      return { [Symbol.asyncDispose]: stop }
    },
    waiting: async () => [...waiting].filter((service) => !active.has(service)).length,
    close: stop,
  }
}
