import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** What makes one object of a folder durable, as a message that another thread understands. Paths are absolute. */
export interface DiskWrite {
  readonly path: string
  /** Parents are made and synced up to here. */
  readonly root: string
  /** The mtime that the object gets, in seconds since the epoch. */
  readonly modified: number
  /** Bytes that are written to `temporary` first, or a finished file on the same filesystem that gets a second name. */
  readonly from:
    | { readonly body: Uint8Array; readonly temporary: string; readonly replace: boolean }
    | { readonly file: string }
}

/** `exists`: nothing was written, as the path is taken. `elsewhere`: the file is on another filesystem. */
export type DiskWriteOutcome = { readonly version: string } | 'exists' | 'elsewhere'

/** Who carries writes out: this thread (`writeHere`), or others (`disk-writer-threads.ts`). */
export type DiskWriter = (write: DiskWrite) => Promise<DiskWriteOutcome>

export const writeHere: DiskWriter = async (write) => carryOut(write)

/**
 * Blocks. A dozen system calls in a row that take microseconds each, but for two waits for the disk: one after another on
 * one thread they cost half of what they do by way of Node's thread pool, which wakes two threads for each of them.
 */
export function carryOut(write: DiskWrite): DiskWriteOutcome {
  const { from } = write
  return 'file' in from ? linkFile(write, from.file) : writeBody(write, from)
}

function writeBody(write: DiskWrite, from: Exclude<DiskWrite['from'], { file: string }>): DiskWriteOutcome {
  const { path } = write
  if (!from.replace && existsSync(path)) return 'exists'
  try {
    const version = stamped(from.temporary, 'wx', write.modified, from.body)
    named(write, () => renameSync(from.temporary, path))
    return { version }
  } catch (error) {
    rmSync(from.temporary, { force: true })
    throw error
  }
}

function linkFile(write: DiskWrite, file: string): DiskWriteOutcome {
  // Looked at first: a link that fails must not have changed the mtime of the file it would have named once more.
  if (existsSync(write.path)) return 'exists'
  const version = stamped(file, 'r+', write.modified)
  try {
    named(write, () => linkSync(file, write.path))
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return 'exists'
    if (code === 'EXDEV') return 'elsewhere'
    throw error
  }
  return { version }
}

/** Bytes and mtime, durable. */
function stamped(path: string, flags: 'wx' | 'r+', modified: number, body?: Uint8Array): string {
  const descriptor = openSync(path, flags)
  try {
    for (let at = 0; body !== undefined && at < body.length; ) at += writeSync(descriptor, body, at)
    futimesSync(descriptor, modified, modified)
    fsyncSync(descriptor)
    return versionOf(fstatSync(descriptor, { bigint: true }))
  } finally {
    closeSync(descriptor)
  }
}

/** After a rename or link the file's own fsync is not enough: the folder has to be synced as well. */
function named({ path, root }: DiskWrite, name: () => void): void {
  try {
    name()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolder(dirname(path), root)
    name()
  }
  syncFolderHere(dirname(path))
}

/** Makes a folder with its parents, and syncs every parent that got a new entry, up to `root`. */
export function makeFolder(path: string, root: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let parent = dirname(path); parent.length >= root.length; parent = dirname(parent)) {
    syncFolderHere(parent)
    if (parent === dirname(first)) return
  }
}

function syncFolderHere(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Inodes and clock ticks come again, but not with an mtime that grows with each write. */
export function versionOf(stats: { mtimeNs: bigint; ino: bigint; size: bigint }): string {
  return `${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}-${stats.size.toString(36)}`
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
