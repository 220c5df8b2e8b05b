import { Queue, Worker } from 'bullmq'
import { DomainError, messageOf } from '../errors.ts'
import type { DeployQueue } from './deploy-queue.ts'
import { failFast, openRedis } from './redis-connection.ts'

const queueName = 'wheelhouse-deploys'

/**
 * The queue on Redis, by BullMQ. One job a service, by deduplication: while one waits further ones are dropped (it is
 * only a pointer, so nothing is lost), while one is active the newest becomes a job afterwards. Finished jobs are
 * removed at once: BullMQ would silently drop the re-adding of a kept id. BullMQ's lock on a job protects nothing here;
 * the lease of the service does.
 */
export function bullmqQueue(redisUrl: string, report: (error: unknown) => void): DeployQueue {
  const producer = openRedis(redisUrl, report, failFast)
  const queue = new Queue<{ service: string }>(queueName, { connection: producer, skipVersionCheck: true })
  queue.on('error', report)
  return {
    async enqueue(service) {
      try {
        await queue.add('deploy', { service }, jobOptions(service))
      } catch (error) {
        const text = `The queue does not answer (${messageOf(error)}). Nothing is lost: a worker finds the deploy by itself.`
        throw new DomainError('storage-unavailable', text, {}, { cause: error })
      }
    },
    async consume(handle, concurrency) {
      // BullMQ wants its worker's connection to retry for ever (maxRetriesPerRequest: null).
      const connection = openRedis(redisUrl, report, { maxRetriesPerRequest: null })
      const worker = new Worker<{ service: string }>(
        queueName,
        async (job) => {
          await handle(job.data.service).catch(report)
        },
        { connection, concurrency, maxStalledCount: 1_000, stalledInterval: 10_000, lockDuration: 30_000 },
      )
      worker.on('error', report)
      await worker.waitUntilReady()
      return {
        [Symbol.asyncDispose]: async () => {
          await worker.close()
          connection.disconnect()
        },
      }
    },
    async close() {
      await queue.close()
      producer.disconnect()
    },
  }
}

function jobOptions(service: string) {
  return {
    removeOnComplete: true,
    removeOnFail: true,
    deduplication: { id: service, keepLastIfActive: true },
  }
}
