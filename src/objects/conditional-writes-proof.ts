import { randomUUID } from 'node:crypto'
import { DomainError } from '../errors.ts'
import { keys } from './keys.ts'
import type { ObjectStore, WriteCondition } from './object-store.ts'

/**
 * Shows that the store honours conditions, by breaking each one on a scratch key. A registry on a store that silently
 * overwrites would lose acknowledged uploads, so it refuses to start: rejects with `storage-unfit` and the reason.
 */
export async function proveConditionalWrites(store: ObjectStore): Promise<void> {
  const key = keys.probe(randomUUID())
  try {
    const first = await attempt(store, key, 'one', 'absent')
    if (first === undefined) throw unfit('it refuses to create an object with «If-None-Match: *»')
    if (await attempt(store, key, 'two', 'absent'))
      throw unfit('it overwrites an object in spite of «If-None-Match: *»')
    const second = await attempt(store, key, 'three', { version: first })
    if (second === undefined) throw unfit('it refuses to replace an object with the right «If-Match»')
    if (await attempt(store, key, 'four', { version: first }))
      throw unfit('it replaces an object in spite of «If-Match»')
    if (!(await oneWins(store, key, second)))
      throw unfit('of several writers with the same «If-Match» more than one won')
  } finally {
    await store.delete(key)
  }
}

async function oneWins(store: ObjectStore, key: string, version: string): Promise<boolean> {
  const writers = Array.from({ length: 8 }, (_, n) => attempt(store, key, `writer ${n}`, { version }))
  const winners = (await Promise.all(writers)).filter((won) => won !== undefined)
  return winners.length === 1
}

async function attempt(store: ObjectStore, key: string, text: string, condition: WriteCondition) {
  const result = await store.write(key, Buffer.from(text), condition)
  return result.ok ? result.version : undefined
}

function unfit(why: string): DomainError {
  return new DomainError(
    'storage-unfit',
    `This S3 server cannot hold a registry: ${why}. Wheelhouse needs conditional writes, which AWS S3, versitygw, ` +
      'Ceph and Cloudflare R2 have; nothing was changed.',
  )
}
