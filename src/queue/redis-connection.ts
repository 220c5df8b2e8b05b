import { Redis, type RedisOptions } from 'ioredis'

/** How long commands wait for a connection that is away. */
export type Patience = Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout'>

/**
 * A connection that keeps coming back. `report` hears its errors, each kind once until it is back: without a listener
 * an error would end the process, and while Redis is away there is one every second.
 */
export function openRedis(url: string, report: (error: unknown) => void, options: Patience = {}): Redis {
  const redis = new Redis(url, { retryStrategy: (times: number) => Math.min(times * 100, 1_000), ...options })
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
export const failFast: Patience = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 2_000 }
