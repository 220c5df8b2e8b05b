import { bullmqQueue } from '../../src/queue/bullmq-queue.ts'
import { inProcessBus } from '../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../src/queue/in-process-queue.ts'
import { redisBus } from '../../src/queue/redis-bus.ts'
import { startRedis } from '../support/redis.ts'
import { deployQueueContract } from './deploy-queue.ts'
import { eventBusContract } from './event-bus.ts'

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
