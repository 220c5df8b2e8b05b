import type { BusEvent, EventBus } from './event-bus.ts'

/** The bus of the embedded default: listeners of this process, each called in a turn of its own. */
export function inProcessBus(report: (error: unknown) => void): EventBus {
  const listeners = new Set<(event: BusEvent) => void>()
  return {
    publish(event) {
      for (const listener of listeners) setImmediate(deliver, listener, event, report)
    },
    async subscribe(listener) {
      const mine = (event: BusEvent) => listener(event)
      listeners.add(mine)
      return { [Symbol.dispose]: () => void listeners.delete(mine) }
    },
    async ping() {},
    async close() {
      listeners.clear()
    },
  }
}

/** A listener that throws must hurt neither the publisher nor the other listeners. */
function deliver(listener: (event: BusEvent) => void, event: BusEvent, report: (error: unknown) => void): void {
  try {
    listener(event)
  } catch (error) {
    report(error)
  }
}
