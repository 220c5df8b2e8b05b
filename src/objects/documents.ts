import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { DomainError, isDomainError } from '../errors.ts'
import type { ObjectStore, StoredDocument, WriteCondition } from './object-store.ts'

/** A kind of JSON document. A document with a newer `format` than ours is refused, never guessed at. */
export interface DocumentType<T> {
  /** For messages: "project", "deploy head". */
  readonly name: string
  readonly format: number
  readonly schema: z.ZodType<T>
}

export interface Versioned<T> {
  readonly value: T
  /** Grows by one with each write of this key: no two writes are byte-equal, so no ETag ever comes back (A-B-A). */
  readonly serial: number
  readonly version: string
  /** Length of the stored JSON, for bounding caches. */
  readonly bytes: number
}

/** JSON documents over the store: envelope, validation, compare-and-swap, and what to do when an answer was lost. */
export interface Documents {
  readonly store: ObjectStore
  read<T>(type: DocumentType<T>, key: string): Promise<Versioned<T> | undefined>
  /** Like `read`, but `unchanged` when the stored document still has this version. */
  readUnless<T>(type: DocumentType<T>, key: string, version: string): Promise<Versioned<T> | 'unchanged' | undefined>
  /** Creates; where the key exists already, answers with what is there. */
  create<T>(type: DocumentType<T>, key: string, value: T): Promise<Versioned<T> & { readonly created: boolean }>
  /** One compare-and-swap. `conflict` means that somebody else wrote, and that this write did not and will not happen. */
  replace<T>(type: DocumentType<T>, key: string, value: T, from: Versioned<T>): Promise<Versioned<T> | 'conflict'>
  /**
   * Reads, changes and swaps until it holds; `change` may run several times and must be pure. Returning `undefined`
   * leaves the document as it is. `change` must also know its own earlier effect: where the answer of a write was lost
   * and somebody wrote on top of it, it is asked again. Rejects with `conflict` when others keep winning.
   */
  update<T>(
    type: DocumentType<T>,
    key: string,
    change: (current: T | undefined) => T | undefined,
  ): Promise<Versioned<T> | undefined>
}

const envelopeSchema = z.object({ format: z.int(), serial: z.int(), writeId: z.string(), value: z.unknown() })
const maxAttempts = 40
const maxLostAnswers = 3

export function documentsOn(store: ObjectStore): Documents {
  const documents: Documents = {
    store,
    async read(type, key) {
      const stored = await store.read(key)
      return stored === undefined || stored === 'unchanged' ? undefined : decode(type, key, stored)
    },
    async readUnless(type, key, version) {
      const stored = await store.read(key, version)
      return stored === undefined || stored === 'unchanged' ? stored : decode(type, key, stored)
    },
    async create(type, key, value) {
      const written = await writeOnce(store, type, key, value, 1, 'absent')
      if (written !== 'conflict') return { ...written, created: true }
      const existing = await documents.read(type, key)
      if (existing === undefined) return documents.create(type, key, value)
      return { ...existing, created: false }
    },
    replace: (type, key, value, from) => writeOnce(store, type, key, value, from.serial + 1, { version: from.version }),
    async update(type, key, change) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const current = await documents.read(type, key)
        const next = change(current?.value)
        if (next === undefined) return current
        const condition = current === undefined ? 'absent' : { version: current.version }
        const written = await writeOnce(store, type, key, next, (current?.serial ?? 0) + 1, condition)
        if (written !== 'conflict') return written
        await pause(attempt)
      }
      throw new DomainError('conflict', `Too many writers at once on the ${type.name} «${key}». Try again.`, { key })
    },
  }
  return documents
}

/**
 * One conditional write. The answer of a write that happened can be lost, and whoever tries again then sees its own
 * write as a conflict. So every document carries a write id, and on a refusal or a lost answer one reads back. Trying
 * again is safe: with the same condition and the same id it can succeed only once.
 */
async function writeOnce<T>(
  store: ObjectStore,
  type: DocumentType<T>,
  key: string,
  value: T,
  serial: number,
  condition: WriteCondition,
): Promise<Versioned<T> | 'conflict'> {
  const writeId = randomUUID()
  const body = Buffer.from(JSON.stringify({ format: type.format, serial, writeId, value }))
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await store.write(key, body, condition)
      if (result.ok) return { value, serial, version: result.version, bytes: body.length }
      const ours = await findOurs(store, key, writeId)
      return ours === undefined ? 'conflict' : { value, serial, version: ours, bytes: body.length }
    } catch (error) {
      if (!isDomainError(error, 'storage-unavailable') || attempt >= maxLostAnswers) throw error
      await pause(attempt + 4)
    }
  }
}

async function findOurs(store: ObjectStore, key: string, writeId: string): Promise<string | undefined> {
  const stored = await store.read(key)
  if (stored === undefined || stored === 'unchanged') return undefined
  const envelope = envelopeSchema.safeParse(parseJson(stored.body))
  return envelope.success && envelope.data.writeId === writeId ? stored.version : undefined
}

function decode<T>(type: DocumentType<T>, key: string, stored: StoredDocument): Versioned<T> {
  const envelope = envelopeSchema.safeParse(parseJson(stored.body))
  if (!envelope.success) throw corrupt(type.name, key, 'it is not a document of ours')
  const { format, serial, value } = envelope.data
  if (format > type.format) {
    throw new DomainError(
      'document-too-new',
      `The ${type.name} «${key}» has format ${format}, but this Wheelhouse knows formats up to ${type.format}: ` +
        'a newer Wheelhouse wrote it. Run that version or a later one.',
      { key, format },
    )
  }
  const parsed = type.schema.safeParse(value)
  if (!parsed.success) throw corrupt(type.name, key, z.prettifyError(parsed.error))
  return { value: parsed.data, serial, version: stored.version, bytes: stored.body.length }
}

function corrupt(name: string, key: string, why: string): DomainError {
  return new DomainError('document-corrupt', `The ${name} «${key}» in the store cannot be read: ${why}.`, { key })
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 4 * 2 ** attempt)))
}
