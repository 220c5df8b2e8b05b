import { Redis, type RedisOptions } from 'ioredis'

/** How long commands wait for a connection that is away. */
export type Patience = Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout'>

/** For those who must not wait: while Redis is away, commands fail at once instead of queueing up in memory. */
export const failFast: Patience = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 2_000 }

/** So long an answer is waited for where the caller can go on without. */
export const patienceMilliseconds = 2_000

export interface RedisConnection {
  readonly redis: Redis
  /** Reports each kind of error once, until Redis is back: while it is away there is one every second. */
  readonly report: (error: unknown) => void
}

/** A connection that keeps coming back. Without a listener its errors would end the process. */
export function openRedis(url: string, report: (error: unknown) => void, options: Patience = {}): RedisConnection {
  const redis = new Redis(url, { retryStrategy: (times: number) => Math.min(times * 100, 1_000), ...options })
  const told = new Set<string>()
  const reportOnce = (error: unknown) => {
    const kind = kindOf(error)
    if (!told.has(kind)) report(error)
    told.add(kind)
  }
  redis.on('error', reportOnce)
  redis.on('ready', () => told.clear())
  return { redis, report: reportOnce }
}

/** Redis begins its errors with a word for programs (NOPERM, OOM); those of sockets have a code. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

/** Whether the user of the connection may not do what was asked. */
export function isWithoutRights(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOPERM')
}

/** `late` where it takes longer than callers can wait; it goes on, and whoever made it minds how it ends. */
export async function inTime<T>(work: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, patienceMilliseconds, 'late')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
