import { setTimeout as sleep } from 'node:timers/promises'
import { bullmqQueue } from '../../src/queue/bullmq-queue.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { until } from './until.ts'

/** What a consumer does about Redis for so long, and how that ends. */
export const outages: Readonly<Record<string, (redis: RedisServer, seconds: number) => Promise<void>>> = {
  'is away': async (redis, seconds) => {
    await redis.stop()
    await sleep(seconds * 1000)
    await redis.start()
  },
  'answers nobody': async (redis, seconds) => {
    redis.pause()
    await sleep(seconds * 1000)
    redis.resume()
  },
}

/**
 * A consumer of the real queue that waits for work, an outage, and work again: throws unless the very same consumer gets it.
 * BullMQ blocks for `drainDelay` (5 s) at a time, and an outage longer than that has left consumers silent (BullMQ #4585).
 */
export async function consumesAfter(outage: string, seconds: number): Promise<void> {
  await using redis = await startRedis()
  const queue = bullmqQueue(redis.url, () => undefined)
  try {
    const handled: string[] = []
    await using _consumer = await queue.consume(async (service) => void handled.push(service), 2)
    await queue.enqueue('before')
    await until(() => handled.includes('before'))
    await outages[outage]?.(redis, seconds)
    // As a server does for each promotion: while the producer has not come back yet that is refused, and asked again.
    await until(async () => (await queue.enqueue('after').catch(() => 'away')) !== 'away')
    await until(() => handled.includes('after'), 20, 'that the consumer takes what came after the outage')
    await queue.enqueue('later')
    await until(() => handled.includes('later'), 20, 'that the consumer takes what came later')
  } finally {
    await queue.close()
  }
}
