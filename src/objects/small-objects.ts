import type { ObjectStore } from './object-store.ts'

/** Objects that never change, whole; small ones are kept in memory, so that the next one who asks costs the store nothing. */
export interface SmallObjects {
  /** `undefined` where there is none. */
  read(key: string): Promise<Buffer | undefined>
}

/** Of one that is kept: any METADATA, and the wheels of small tools. */
export const smallObjectBytes = 64 * 1024

export function smallObjectsIn(store: ObjectStore, maxBytes: number): SmallObjects {
  const kept = new Map<string, Buffer>()
  const reading = new Map<string, Promise<Buffer | undefined>>()
  let bytes = 0

  function keep(key: string, body: Buffer): void {
    if (body.length > smallObjectBytes || kept.has(key)) return
    kept.set(key, body)
    bytes += body.length
    for (const [oldest, { length }] of kept) {
      if (bytes <= maxBytes) return
      kept.delete(oldest)
      bytes -= length
    }
  }

  async function load(key: string): Promise<Buffer | undefined> {
    try {
      const found = await store.read(key)
      if (found === undefined || found === 'unchanged') return undefined
      keep(key, found.body)
      return found.body
    } finally {
      reading.delete(key)
    }
  }

  return {
    async read(key) {
      const known = kept.get(key)
      if (known === undefined) {
        const running = reading.get(key) ?? load(key)
        reading.set(key, running)
        return await running
      }
      kept.delete(key)
      kept.set(key, known)
      return known
    },
  }
}
