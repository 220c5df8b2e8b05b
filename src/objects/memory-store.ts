import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { DomainError } from '../errors.ts'
import type { ByteRange, ObjectEntry, ObjectStore, OpenedObject, WriteCondition, WriteResult } from './object-store.ts'
import { Revisions } from './revisions.ts'

interface Kept {
  readonly body: Buffer
  readonly version: string
  readonly modified: number
}

/** Keeps everything in this process's memory: for tests, and as the plainest statement of the contract. */
export class MemoryStore implements ObjectStore {
  readonly exclusive = true
  readonly #objects = new Map<string, Kept>()
  readonly #revisions = new Revisions()
  #writes = 0

  revision(prefix: string): number {
    return this.#revisions.of(prefix)
  }

  knownVersion(key: string): string | undefined {
    return this.#objects.get(key)?.version
  }

  async read(key: string, unlessVersion?: string) {
    const kept = this.#objects.get(key)
    if (kept === undefined) return undefined
    return kept.version === unlessVersion ? 'unchanged' : { body: Buffer.from(kept.body), version: kept.version }
  }

  async write(key: string, body: Uint8Array, condition: WriteCondition): Promise<WriteResult> {
    const kept = this.#objects.get(key)
    const holds = condition === 'absent' ? kept === undefined : kept?.version === condition.version
    if (!holds) return { ok: false, reason: 'precondition-failed' }
    const version = `m${++this.#writes}`
    this.#revisions.grow(key)
    this.#objects.set(key, { body: Buffer.from(body), version, modified: Date.now() })
    return { ok: true, version }
  }

  async writeFile(key: string, path: string): Promise<WriteResult> {
    return this.write(key, await readFile(path), 'absent')
  }

  async open(key: string, range?: ByteRange): Promise<OpenedObject> {
    const kept = this.#objects.get(key)
    if (kept === undefined)
      throw new DomainError('file-not-found', `There is no object «${key}» in the store.`, { key })
    const part = range === undefined ? kept.body : kept.body.subarray(range.start, range.end + 1)
    return { size: kept.body.length, stream: Readable.from(part.length > 0 ? [part] : []) }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    const kept = this.#objects.get(key)
    return kept && entryOf(key, kept)
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    for (const key of [...this.#objects.keys()].filter((k) => k.startsWith(prefix)).sort(byBytes)) {
      const kept = this.#objects.get(key)
      if (kept !== undefined) yield entryOf(key, kept)
    }
  }

  async delete(key: string): Promise<void> {
    this.#revisions.grow(key)
    this.#objects.delete(key)
  }
}

function entryOf(key: string, kept: Kept): ObjectEntry {
  return { key, size: kept.body.length, version: kept.version, modified: kept.modified }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
