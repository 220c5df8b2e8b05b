import { createHash } from 'node:crypto'
import { isDomainError } from '../errors.ts'
import type { ObjectStore } from '../objects/object-store.ts'

export interface Digested {
  readonly size: number
  /** Hex. */
  readonly sha256: string
}

/** Reads an object to its end; `undefined` where there is none. Memory does not grow with its size. */
export async function digestOf(store: ObjectStore, key: string): Promise<Digested | undefined> {
  const opened = await store.open(key).catch((error: unknown) => {
    if (isDomainError(error, 'file-not-found')) return undefined
    throw error
  })
  if (opened === undefined) return undefined
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of opened.stream) {
    const bytes: Uint8Array = chunk
    hash.update(bytes)
    size += bytes.length
  }
  return { size, sha256: hash.digest('hex') }
}
