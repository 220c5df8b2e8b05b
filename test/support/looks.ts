import { expect } from 'vitest'
import type { Rollout } from '../../src/deploy/rollout/model.ts'

/** Who was seen to run the release, in the order of the looks, from one touch of the fleet to the next. */
export class Looks {
  readonly #first: string[] = []
  #since = new Set<string>()
  /** So many touches ago somebody looked there last. */
  readonly #missed = new Map<string, number>()

  seen(names: readonly string[]): void {
    for (const name of names) {
      if (!this.#first.includes(name)) this.#first.push(name)
      this.#since.add(name)
      this.#missed.set(name, 0)
    }
  }

  /** What must hold when a node is about to be drained or restarted. */
  beforeTouching({ nodes }: Rollout): void {
    const updated = nodes.filter(({ state }) => state === 'updated').map(({ name }) => name)
    const longest = this.#first.filter((name) => updated.includes(name))
    const [oldest] = longest
    if (oldest !== undefined) expect(this.#since).toContain(oldest)
    // One look besides for each touch: each gets its turn.
    for (const name of updated) {
      const missed = (this.#missed.get(name) ?? 0) + (this.#since.has(name) ? 0 : 1)
      this.#missed.set(name, missed)
      expect(missed).toBeLessThanOrEqual(updated.length)
    }
    this.#since = new Set()
  }
}
