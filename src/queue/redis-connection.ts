import { Redis, type RedisOptions } from 'ioredis'

/**
 * A connection that keeps coming back. `report` hears its errors, each kind once until it is back: without a listener
 * an error would end the process, and while Redis is away there is one every second.
 */
export function openRedis(url: string, report: (error: unknown) => void, options: RedisOptions = {}): Redis {
  const merged: RedisOptions = { retryStrategy: (times: number) => Math.min(times * 100, 1_000), ...options }
  const redis = new Redis(url, merged)
  let last = ''
  redis.on('error', (error: Error) => {
    if (error.message !== last) report(error)
    last = error.message
  })
  redis.on('ready', () => {
    last = ''
  })
  return redis
}

/** For those who must not wait: while Redis is away, commands fail at once instead of queueing up in memory. */
export const failFast: RedisOptions = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 2_000 }
