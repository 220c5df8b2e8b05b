import type { Readable, Writable } from 'node:stream'

/**
 * Where bytes and documents live: a folder, an S3 bucket, or memory. The only durable thing that the product has.
 *
 * Promises, kept by every adapter and checked by `test/contract/object-store.ts`:
 * - A write that resolved survives a crash of the process (and, on disk, of the machine). A write that rejected, or was
 *   never answered, happened whole or not at all; nothing half-written can be read.
 * - Conditions are atomic: of any number of writers with the same condition on the same key exactly one wins, the others
 *   get `precondition-failed`. An adapter never retries a conditional write whose answer was lost: it rejects with
 *   `storage-unavailable`, and the caller finds out by reading (`documents.ts`).
 * - A read that starts after a write resolved sees it, from any process.
 * - `version` is opaque, differs between any two contents that a key had, and is only good for comparing.
 *
 * Errors: `DomainError` `storage-unavailable` where the store does not answer; `file-not-found` by `open` alone.
 * Keys are made by `keys.ts`: slash-separated, no empty, `.` or `..` parts, at most 900 bytes.
 */
export interface ObjectStore {
  /** True where this process alone writes, so that what it remembers of versions is the truth (disk, memory). */
  readonly exclusive: boolean
  /**
   * Where this process alone writes: a number that grows with every write and removal under the first part of keys
   * (`catalog/`), so that nothing changed while it stands still. Absent where others write too.
   */
  revision?(prefix: string): number
  /**
   * Where this process alone writes: the version that the key has now, if that is known without asking; at once, because
   * finished pages are shown to be fresh by it. `undefined`: ask by `read` or `head`.
   */
  knownVersion?(key: string): string | undefined
  /** A document, whole. `unchanged` when it still has the version given; `undefined` when there is none. */
  read(key: string, unlessVersion?: string): Promise<StoredDocument | 'unchanged' | undefined>
  /** Writes a small document under a condition. */
  write(key: string, body: Uint8Array, condition: WriteCondition): Promise<WriteResult>
  /**
   * Creates an object from a finished file on local disk, streaming; create-only. The file's bytes are never changed,
   * and must not be by the caller either: the disk store may share them. `sha256` (hex) where the caller knows it.
   */
  writeFile(key: string, path: string, sha256?: string): Promise<WriteResult>
  /** Streams an object or a part of it. Rejects with `file-not-found` before the first byte when there is none. */
  open(key: string, range?: ByteRange): Promise<OpenedObject>
  /**
   * Where the store has an address of its own: a URL that answers this method for so many seconds without any credentials,
   * with the given Content-Disposition.
   */
  signedUrl?(key: string, method: 'GET' | 'HEAD', seconds: number, disposition: string): Promise<string>
  /** Size and version without the bytes; `undefined` when there is none. */
  head(key: string): Promise<ObjectEntry | undefined>
  /** All keys that start with the prefix, in byte order, from any number of pages. */
  list(prefix: string): AsyncIterable<ObjectEntry>
  /** Removes; a key that is not there is fine. */
  delete(key: string): Promise<void>
}

export interface StoredDocument {
  readonly body: Buffer
  readonly version: string
}

/** `absent`: only if the key does not exist. Otherwise only if it exists with exactly this version. */
export type WriteCondition = 'absent' | { readonly version: string }

export type WriteResult =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: 'precondition-failed' }

/** Bytes `start` to `end`, both included, as in RFC 9110 14.1.2; within the object's size. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface ObjectEntry {
  readonly key: string
  readonly size: number
  readonly version: string
  /** Milliseconds since the epoch of the last write, by the store's clock. */
  readonly modified: number
}

export interface OpenedObject {
  /** Size of the whole object, whatever the range. */
  readonly size: number
  /** Take this or `pump`, and once. */
  readonly stream: Readable
  /**
   * Where there is a quicker way than the stream: sends the bytes, and resolves once all of them are taken. The destination
   * is not ended. Rejects with `ERR_STREAM_PREMATURE_CLOSE` where it is closed before.
   */
  pump?(destination: Writable): Promise<void>
}
