/** Counts the writes under each first part of keys, for a store with a single writer. */
export class Revisions {
  readonly #counts = new Map<string, number>()

  /** Of a key, or of the first part alone with its slash. */
  of(key: string): number {
    return this.#counts.get(firstPart(key)) ?? 0
  }

  grow(key: string): void {
    this.#counts.set(firstPart(key), this.of(key) + 1)
  }
}

function firstPart(key: string): string {
  return key.slice(0, key.indexOf('/') + 1)
}
