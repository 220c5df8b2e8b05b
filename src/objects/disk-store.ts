import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { constants, copyFile, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { DomainError } from '../errors.ts'
import { storageError } from './disk-errors.ts'
import { syncFile, syncFolder } from './disk-sync.ts'
import {
  type DiskWrite,
  type DiskWriteOutcome,
  type DiskWriter,
  makeFolder,
  versionOf,
  writeHere,
} from './disk-writing/write.ts'
import { pumpFile } from './file-pump.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import type { ByteRange, ObjectEntry, ObjectStore, OpenedObject, WriteCondition, WriteResult } from './object-store.ts'
import { Revisions } from './revisions.ts'

const rememberedVersions = 100_000

/**
 * The store in a folder, for one process at a time (see `folder-owner.ts`). A document is written beside its place,
 * synced, renamed over it, and the folder synced; conditions hold because writes of one key queue up in this process.
 * A version is the file's mtime, inode and size. Inodes and clock ticks come again, so each write sets an mtime of its
 * own, larger than any before it. What may be synced at the same time is: the journal of a file system then commits once.
 */
export class DiskStore implements ObjectStore {
  readonly exclusive = true
  readonly #root: string
  readonly #temporary: string
  readonly #writer: DiskWriter
  readonly #mutex = new KeyedMutex()
  readonly #versions = new Map<string, string>()
  readonly #revisions = new Revisions()
  #lastModified = 0

  private constructor(root: string, writer: DiskWriter) {
    this.#writer = writer
    this.#root = join(root, 'objects')
    this.#temporary = join(root, 'tmp')
  }

  /** Opens the folder, making it where there is none, and clears what an earlier crash left half-written. */
  static async open(root: string, writer: DiskWriter = writeHere): Promise<DiskStore> {
    const store = new DiskStore(root, writer)
    await rm(store.#temporary, { recursive: true, force: true })
    makeFolder(store.#root, root)
    await mkdir(store.#temporary, { recursive: true })
    return store
  }

  revision(prefix: string): number {
    return this.#revisions.of(prefix)
  }

  knownVersion(key: string): string | undefined {
    return this.#versions.get(key)
  }

  async read(key: string, unlessVersion?: string) {
    const remembered = this.#versions.get(key)
    if (unlessVersion !== undefined && remembered === unlessVersion) return 'unchanged'
    const revision = this.#revisions.of(key)
    const file = await open(this.#path(key)).catch(noneOr(key))
    if (file === undefined) return undefined
    try {
      const version = versionOf(await file.stat({ bigint: true }))
      const found = version === unlessVersion ? ('unchanged' as const) : { body: await file.readFile(), version }
      // What was read may be old by now where somebody wrote or removed meanwhile, and must not be taken for the present.
      if (this.#revisions.of(key) === revision) this.#keep(key, version)
      return found
    } finally {
      await file.close()
    }
  }

  write(key: string, body: Uint8Array, condition: WriteCondition): Promise<WriteResult> {
    return this.#exclusively(key, async (path) => {
      const replace = condition !== 'absent'
      if (replace && (await this.#currentVersion(key)) !== condition.version) return refused
      const temporary = join(this.#temporary, randomUUID())
      try {
        const outcome = await this.#carryOut(path, { body, temporary, replace })
        if (typeof outcome === 'object') this.#keep(key, outcome.version)
        return resultOf(outcome)
      } catch (error) {
        this.#versions.delete(key)
        throw error
      }
    })
  }

  writeFile(key: string, file: string): Promise<WriteResult> {
    return this.#exclusively(key, async (path) => {
      await syncIfLarge(file)
      const outcome = await this.#carryOut(path, { file })
      if (outcome !== 'elsewhere') return resultOf(outcome)
      const copy = join(this.#temporary, randomUUID())
      try {
        await copyFile(file, copy, constants.COPYFILE_EXCL)
        return resultOf(await this.#carryOut(path, { file: copy }))
      } finally {
        await unlink(copy).catch(() => undefined)
      }
    })
  }

  async open(key: string, range?: ByteRange): Promise<OpenedObject> {
    const file = await open(this.#path(key)).catch(noneOr(key))
    if (file === undefined)
      throw new DomainError('file-not-found', `There is no object «${key}» in the store.`, { key })
    const { size } = await file.stat()
    const wanted = range ?? { start: 0, end: size - 1 }
    return {
      size,
      get stream() {
        return createReadStream('', { fd: file, highWaterMark: 256 * 1024, ...range })
      },
      pump: (destination) => pumpFile(file, wanted, destination).finally(() => file.close()),
    }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    const found = await stat(this.#path(key), { bigint: true }).catch(noneOr(key))
    if (found === undefined || !found.isFile()) return undefined
    return { key, size: Number(found.size), version: versionOf(found), modified: Number(found.mtimeMs) }
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const path of walk(join(this.#root, folder))) {
      const key = relative(this.#root, path).split(sep).join('/')
      const entry = key.startsWith(prefix) ? await this.head(key) : undefined
      if (entry !== undefined) yield entry
    }
  }

  async delete(key: string): Promise<void> {
    await this.#exclusively(key, async (path) => {
      await unlink(path).catch(noneOr(key))
      this.#versions.delete(key)
      await syncFolder(dirname(path)).catch(noneOr(key))
    })
  }

  #path(key: string): string {
    return join(this.#root, key)
  }

  /** The revision grows whatever comes of the task: a write that rejected may have happened. */
  #exclusively<T>(key: string, task: (path: string) => Promise<T>): Promise<T> {
    return this.#mutex.run(key, async () => {
      // Before and after: a read in between sees neither the old nor the new as the present.
      this.#revisions.grow(key)
      try {
        return await task(this.#path(key))
      } catch (error) {
        throw storageError(key, error)
      } finally {
        this.#revisions.grow(key)
      }
    })
  }

  async #currentVersion(key: string): Promise<string | undefined> {
    return this.#versions.get(key) ?? (await this.head(key))?.version
  }

  #carryOut(path: string, from: DiskWrite['from']): Promise<DiskWriteOutcome> {
    this.#lastModified = Math.max(this.#lastModified + 0.001, Date.now())
    return this.#writer({ path, root: this.#root, modified: this.#lastModified / 1000, from })
  }

  /** The map only saves a look at the disk: dropping an entry costs one `stat`. */
  #keep(key: string, version: string): void {
    if (this.#versions.size >= rememberedVersions) this.#versions.clear()
    this.#versions.set(key, version)
  }
}

const refused: WriteResult = { ok: false, reason: 'precondition-failed' }

function resultOf(outcome: DiskWriteOutcome): WriteResult {
  return typeof outcome === 'string' ? refused : { ok: true, version: outcome.version }
}

/** Before a writer does, which meanwhile could write nothing else. */
async function syncIfLarge(path: string): Promise<void> {
  if ((await stat(path)).size > 1024 * 1024) await syncFile(path, (file) => file.sync())
}

function noneOr(key: string) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw storageError(key, error)
  }
}

/** Depth first, in byte order of whole keys: "a.json" sorts before "a/b" because "." is before "/". */
async function* walk(folder: string): AsyncIterable<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(noneOr(folder))
  const named = (entries ?? []).map((entry) => ({ entry, sort: entry.isDirectory() ? `${entry.name}/` : entry.name }))
  for (const { entry } of named.sort((a, b) => (a.sort < b.sort ? -1 : 1))) {
    if (entry.isDirectory()) yield* walk(join(folder, entry.name))
    else yield join(folder, entry.name)
  }
}
