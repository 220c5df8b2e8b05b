import type { Clock } from '../../src/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Time that passes only where a test lets it: whoever sleeps is woken in order, as fast as the machine goes. */
export class FakeClock implements Clock {
  #time = 1_000_000
  #skew = 0
  #sleepers: Sleeper[] = []

  now(): number {
    return this.#time + this.#skew
  }

  /** Somebody sets the clock on the wall: what time has passed is another matter. */
  jump(milliseconds: number): void {
    this.#skew += milliseconds
  }

  monotonic(): number {
    return this.#time
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((one) => one.wake !== wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      signal?.addEventListener('abort', wake)
      this.#sleepers.push({ at: this.#time + Math.max(0, milliseconds), wake })
    })
  }

  /** Lets time pass until the condition holds; fails after so many fake seconds, or when nobody is left to wake. */
  async passUntil(condition: () => boolean | Promise<boolean>, seconds = 600): Promise<void> {
    const end = this.#time + seconds * 1000
    for (;;) {
      await settle()
      if (await condition()) return
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (a, b) => (a === undefined || b.at < a.at ? b : a),
        undefined,
      )
      if (next === undefined) throw new Error('Nobody sleeps, and what was waited for did not come about.')
      if (next.at > end) throw new Error(`What was waited for did not come about in ${seconds} s of fake time.`)
      this.#time = Math.max(this.#time, next.at)
      next.wake()
    }
  }
}

/** Everything that can go on without time passing has gone on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve))
}
