import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { bullmqQueue } from '../../src/queue/bullmq-queue.ts'
import { inProcessBus } from '../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../src/queue/in-process-queue.ts'
import { redisBus } from '../../src/queue/redis-bus.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { deployQueueContract, queueOutageContract } from './deploy-queue.ts'
import { busOutageContract, eventBusContract } from './event-bus.ts'

deployQueueContract('in process', async () => {
  const reported: unknown[] = []
  const queue = inProcessQueue((error) => reported.push(error))
  return { queue, reported, [Symbol.asyncDispose]: () => queue.close() }
})

deployQueueContract('BullMQ on Redis', async () => {
  const redis = await startRedis()
  const reported: unknown[] = []
  const queue = bullmqQueue(redis.url, (error) => reported.push(error))
  return {
    queue,
    reported,
    [Symbol.asyncDispose]: async () => {
      await queue.close()
      await redis[Symbol.asyncDispose]()
    },
  }
})

eventBusContract('in process', async () => {
  const bus = inProcessBus(() => undefined)
  return { here: bus, there: bus, [Symbol.asyncDispose]: () => bus.close() }
})

eventBusContract('Redis', async () => {
  const redis = await startRedis()
  const [here, there] = [redisBus(redis.url, () => undefined), redisBus(redis.url, () => undefined)]
  return {
    here,
    there,
    [Symbol.asyncDispose]: async () => {
      await here.close()
      await there.close()
      await redis[Symbol.asyncDispose]()
    },
  }
})

queueOutageContract('BullMQ on Redis', async () => {
  const redis = await startRedis()
  await redis.stop()
  const reported: unknown[] = []
  const queue = bullmqQueue(redis.url, (error) => reported.push(error))
  return {
    queue,
    reported,
    away: redis.stop,
    back: redis.start,
    [Symbol.asyncDispose]: async () => {
      await queue.close()
      await redis[Symbol.asyncDispose]()
    },
  }
})

busOutageContract('Redis', async () => {
  const redis = await startRedis()
  await redis.stop()
  const [here, there] = [redisBus(redis.url, () => undefined), redisBus(redis.url, () => undefined)]
  return {
    here,
    there,
    away: redis.stop,
    back: redis.start,
    [Symbol.asyncDispose]: async () => {
      await here.close()
      await there.close()
      await redis[Symbol.asyncDispose]()
    },
  }
})

describe('a user of Redis without rights to channels', () => {
  it('is told so at the start, once, in a sentence with the remedy, and subscribing does not reject', async () => {
    await using redis = await startRedis()
    const admin = new Redis(redis.url)
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', 'resetchannels')
    admin.disconnect()
    const reported: unknown[] = []
    const bus = redisBus(redis.url.replace('//', '//app:secret@'), (error) => reported.push(error))
    await until(() => reported.length > 0)
    const subscription = await bus.subscribe(() => undefined)
    bus.publish({ topic: 'deploy', id: 'web.production.1', serial: 1 })
    await bus.ping()
    subscription[Symbol.dispose]()
    expect(reported.map(String)).toEqual([expect.stringContaining('allow it with ACL SETUSER <user> &wheelhouse:*')])
    await bus.close()
  })
})
