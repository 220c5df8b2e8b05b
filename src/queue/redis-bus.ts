import { z } from 'zod'
import type { BusEvent, EventBus } from './event-bus.ts'
import { failFast, openRedis } from './redis-connection.ts'

const channel = 'wheelhouse:events'
const eventSchema = z.object({ topic: z.enum(['deploy', 'service', 'token']), id: z.string(), serial: z.number() })

/** The bus on Redis publish/subscribe: nothing is kept, so whoever is away misses what is said meanwhile. */
export function redisBus(redisUrl: string, report: (error: unknown) => void): EventBus {
  const publisher = openRedis(redisUrl, report, failFast)
  const subscriber = openRedis(redisUrl, report, { maxRetriesPerRequest: null })
  const listeners = new Set<(event: BusEvent) => void>()
  subscriber.on('message', (_channel: string, text: string) => {
    const event = parse(text)
    if (event === undefined) return
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        report(error)
      }
    }
  })
  return {
    publish(event) {
      // Lost while Redis is away, as the port allows; its connection has said so already.
      publisher.publish(channel, JSON.stringify(event)).catch(() => undefined)
    },
    async subscribe(listener) {
      const mine = (event: BusEvent) => listener(event)
      listeners.add(mine)
      await subscriber.subscribe(channel)
      return { [Symbol.dispose]: () => void listeners.delete(mine) }
    },
    async ping() {
      await publisher.ping()
    },
    async close() {
      listeners.clear()
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

function parse(text: string): BusEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
