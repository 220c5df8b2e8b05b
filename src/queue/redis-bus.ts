import { z } from 'zod'
import type { BusEvent, EventBus } from './event-bus.ts'
import { failFast, inTime, isWithoutRights, openRedis } from './redis-connection.ts'

const channel = 'wheelhouse:events'
const eventSchema = z.object({
  topic: z.enum(['deploy', 'control', 'service', 'token']),
  id: z.string(),
  serial: z.number(),
})

const rightsNeeded =
  `The Redis user in REDIS_URL may not publish or subscribe on ${channel}: allow it with ACL SETUSER <user> &wheelhouse:*. ` +
  'Until then all goes on, and news between processes come a second late.'

/** The bus on Redis publish/subscribe: nothing is kept, so whoever is away misses what is said meanwhile. */
export function redisBus(redisUrl: string, report: (error: unknown) => void): EventBus {
  const publisher = openRedis(redisUrl, report, failFast)
  const subscriber = openRedis(redisUrl, report, { maxRetriesPerRequest: null })
  const listeners = new Set<(event: BusEvent) => void>()
  let told = false
  // Lost while Redis is away, as the port allows; its connection has said so already.
  const refused = (error: unknown) => {
    if (told || !isWithoutRights(error)) return
    told = true
    report(new Error(rightsNeeded))
  }
  const say = (text: string) => publisher.redis.publish(channel, text).catch(refused)
  let joining: Promise<unknown> | undefined
  const join = () => {
    joining ??= subscriber.redis.subscribe(channel).catch((error: unknown) => {
      joining = undefined
      refused(error)
    })
    return joining
  }
  // Tried before anybody needs it, so that what is missing is said at the start.
  publisher.redis.on('ready', () => void say(''))
  subscriber.redis.on('ready', () => void join())
  subscriber.redis.on('message', (_channel: string, text: string) => tell(listeners, parse(text), report))
  return {
    publish: (event) => void say(JSON.stringify(event)),
    async subscribe(listener) {
      const mine = (event: BusEvent) => listener(event)
      listeners.add(mine)
      await inTime(join())
      return { [Symbol.dispose]: () => void listeners.delete(mine) }
    },
    async ping() {
      await publisher.redis.ping()
    },
    async close() {
      listeners.clear()
      publisher.redis.disconnect()
      subscriber.redis.disconnect()
    },
  }
}

function tell(
  listeners: Iterable<(event: BusEvent) => void>,
  event: BusEvent | undefined,
  report: (error: unknown) => void,
): void {
  if (event === undefined) return
  for (const listener of listeners) {
    try {
      listener(event)
    } catch (error) {
      report(error)
    }
  }
}

function parse(text: string): BusEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
