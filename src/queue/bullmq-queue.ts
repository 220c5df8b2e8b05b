import { Queue, Worker } from 'bullmq'
import { DomainError, messageOf } from '../errors.ts'
import type { DeployQueue } from './deploy-queue.ts'
import { failFast, inTime, openRedis } from './redis-connection.ts'

const queueName = 'wheelhouse-deploys'

/**
 * The queue on Redis, by BullMQ. One job a service, by deduplication: while one waits further ones are dropped (it is
 * only a pointer, so nothing is lost), while one is active the newest becomes a job afterwards. Finished jobs are
 * removed at once: BullMQ would silently drop the re-adding of a kept id. BullMQ's lock on a job protects nothing here;
 * the lease of the service does.
 */
export function bullmqQueue(redisUrl: string, report: (error: unknown) => void): DeployQueue {
  const producer = openRedis(redisUrl, report, failFast)
  const queue = new Queue<{ service: string }>(queueName, { connection: producer.redis, skipVersionCheck: true })
  queue.on('error', producer.report)
  // BullMQ holds `add` back until it was connected once. What is late so goes out then: no second one needs to wait.
  const late = new Set<string>()
  return {
    async enqueue(service) {
      if (late.has(service)) throw away('it is away')
      const adding = queue.add('deploy', { service }, jobOptions(service))
      const added = await inTime(adding).catch((error: unknown) => {
        throw away(messageOf(error), error)
      })
      if (added !== 'late') return
      late.add(service)
      // Where it fails after nobody waits for it any more, this is all that becomes of it.
      adding.catch(() => undefined).finally(() => late.delete(service))
      throw away('it is away')
    },
    consume: async (handle, concurrency) => consumer(redisUrl, report, handle, concurrency),
    async waiting() {
      const counted = await inTime(queue.getWaitingCount()).catch((error: unknown) => {
        throw away(messageOf(error), error)
      })
      if (counted === 'late') throw away('it is away')
      return counted
    },
    async close() {
      await inTime(queue.close().catch(report))
      producer.redis.disconnect()
    },
  }
}

/** Not waited for until it is connected: a worker looks for work by itself, and must obey when it is told to stop. */
function consumer(
  redisUrl: string,
  report: (error: unknown) => void,
  handle: (service: string) => Promise<void>,
  concurrency: number,
): AsyncDisposable {
  // BullMQ wants its worker's connection to retry for ever (maxRetriesPerRequest: null).
  const connection = openRedis(redisUrl, report, { maxRetriesPerRequest: null })
  const inHand = new Set<Promise<void>>()
  const work = async (service: string) => {
    const working = handle(service).catch(report)
    inHand.add(working)
    await working.finally(() => inHand.delete(working))
  }
  const worker = new Worker<{ service: string }>(queueName, (job) => work(job.data.service), {
    connection: connection.redis,
    concurrency,
    maxStalledCount: 1_000,
    stalledInterval: 10_000,
    lockDuration: 30_000,
  })
  worker.on('error', connection.report)
  return {
    [Symbol.asyncDispose]: async () => {
      const closing = worker.close().catch(connection.report)
      await Promise.all(inHand)
      // With Redis away BullMQ would wait for it.
      if ((await inTime(closing)) === 'late') await inTime(worker.disconnect().catch(connection.report))
      connection.redis.disconnect()
    },
  }
}

function away(why: string, cause?: unknown): DomainError {
  const text = `The queue does not answer (${why}). Nothing is lost: a worker finds the deploy by itself.`
  return new DomainError('storage-unavailable', text, {}, { cause })
}

function jobOptions(service: string) {
  return {
    removeOnComplete: true,
    removeOnFail: true,
    deduplication: { id: service, keepLastIfActive: true },
  }
}
