import type { Clock } from '../clock.ts'
import type { Documents, DocumentType, Versioned } from './documents.ts'
import { SharedRead } from './shared-read.ts'

/**
 * Documents from a bounded cache that are nevertheless fresh: what `get` answers was read, or shown to be unchanged, by
 * a read that *started after the call*. All callers that wait share the next such read, so that one document costs the
 * store one conditional read at a time however many ask; up to two storage round trips of latency are the price.
 */
export interface FreshDocuments {
  get<T>(type: DocumentType<T>, key: string): Promise<Versioned<T> | undefined>
  /** As `get`, and fresh whatever `maxAge` says: for what is written on top of it. */
  newest<T>(type: DocumentType<T>, key: string): Promise<Versioned<T> | undefined>
  /** Takes what was just written, so that it need not be read back to be known. Whether it is still so is asked as ever. */
  put<T>(type: DocumentType<T>, key: string, document: Versioned<T>): void
}

export interface FreshnessOptions {
  /** Bytes of JSON to keep; the parsed documents take about three times that. */
  readonly maxBytes: number
  /** Trades freshness away: what was read less than this many milliseconds ago is good enough. 0: never. */
  readonly maxAge: number
}

interface Entry {
  document: Versioned<unknown> | undefined
  readAt: number
  readonly reading: SharedRead
}

export function freshDocuments(documents: Documents, clock: Clock, options: FreshnessOptions): FreshDocuments {
  const cache = new Map<string, Entry>()
  let bytes = 0

  async function revalidate<T>(type: DocumentType<T>, key: string, entry: Entry): Promise<void> {
    const startedAt = clock.monotonic()
    const version = entry.document?.version
    const found =
      version === undefined ? await documents.read(type, key) : await documents.readUnless(type, key, version)
    entry.readAt = startedAt
    if (found === 'unchanged') return
    // Where somebody put a newer one meanwhile, what was read is the older.
    if (found !== undefined && found.serial < (entry.document?.serial ?? 0) && version !== entry.document?.version)
      return
    replace(key, entry, found)
  }

  function replace(key: string, entry: Entry, document: Versioned<unknown> | undefined): void {
    // An entry that was evicted meanwhile still serves those who wait for it, but counts no more.
    if (cache.get(key) === entry) bytes += (document?.bytes ?? 0) - (entry.document?.bytes ?? 0)
    entry.document = document
    evict()
  }

  /** Oldest use first: a Map keeps the order of insertion, and `touch` inserts anew. */
  function evict(): void {
    for (const [key, entry] of cache) {
      if (bytes <= options.maxBytes && cache.size <= 50_000) return
      if (entry.reading.running) continue
      cache.delete(key)
      bytes -= entry.document?.bytes ?? 0
    }
  }

  function newEntry<T>(type: DocumentType<T>, key: string): Entry {
    const entry: Entry = {
      document: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      reading: new SharedRead(() => revalidate(type, key, entry)),
    }
    return entry
  }

  function touch<T>(type: DocumentType<T>, key: string): Entry {
    const entry = cache.get(key) ?? newEntry(type, key)
    cache.delete(key)
    cache.set(key, entry)
    return entry
  }

  async function newest<T>(type: DocumentType<T>, key: string) {
    const entry = touch(type, key)
    await entry.reading.next()
    return known<T>(entry)
  }

  return {
    newest,
    async get<T>(type: DocumentType<T>, key: string) {
      const entry = touch(type, key)
      return clock.monotonic() - entry.readAt >= options.maxAge ? await newest(type, key) : known<T>(entry)
    },
    put(type, key, document) {
      const entry = touch(type, key)
      if (document.serial > (entry.document?.serial ?? 0)) replace(key, entry, document)
    },
  }
}

/** One key has one type: `keys.ts` and the document types are paired by the features. */
function known<T>(entry: Entry): Versioned<T> | undefined {
  return entry.document as Versioned<T> | undefined
}
