import { isIPv6 } from 'node:net'
import type { Clock } from '../clock.ts'

export interface AttemptLimits {
  /** Failures in a row that are answered as what they are. */
  readonly burst: number
  /** Seconds after which one more is. */
  readonly refillSeconds: number
}

/**
 * Failed logins by address, as a bucket that fills again. It slows down who guesses, and locks nobody out: a good token
 * is let in from any address at any time, and one address does not count for another.
 */
export class FailedAttempts {
  readonly #clock: Clock
  readonly #limits: AttemptLimits
  /** When the bucket of an address will be full again, on the monotonic clock; oldest use first. */
  readonly #fullAt = new Map<string, number>()

  constructor(clock: Clock, limits: AttemptLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Counts a failure. Answers the seconds to wait where there were too many. */
  count(address: string): number | undefined {
    const { burst, refillSeconds } = this.#limits
    const key = networkOf(address)
    const now = this.#clock.monotonic()
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? now) + refillSeconds * 1000
    const excess = fullAt - now - burst * refillSeconds * 1000
    if (excess > 0) return Math.ceil(excess / 1000)
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    this.#forget(now)
    return undefined
  }

  #forget(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > now && this.#fullAt.size <= 10_000) return
      this.#fullAt.delete(key)
    }
  }
}

/** A household has a /64 of IPv6, and may take any address of it. */
function networkOf(address: string): string {
  return isIPv6(address) ? expanded(address).slice(0, 4).join(':') : address
}

function expanded(address: string): readonly string[] {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  if (tail === undefined) return before
  const after = tail === '' ? [] : tail.split(':')
  return [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after]
}
