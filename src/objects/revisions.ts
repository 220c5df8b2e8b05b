/** Counts the writes under each first part of keys, for a store with a single writer. */
export class Revisions {
  readonly #counts = new Map<string, number>()

  /** `prefix` ends with the slash after the first part. */
  of(prefix: string): number {
    return this.#counts.get(prefix) ?? 0
  }

  grow(key: string): void {
    const prefix = key.slice(0, key.indexOf('/') + 1)
    this.#counts.set(prefix, this.of(prefix) + 1)
  }
}
