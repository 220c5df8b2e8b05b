import { utf8, view } from '../archive/bytes.ts'
import { checkMemberCount } from '../archive/inflated-total.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing, shown } from '../refusals.ts'
import type { DirectoryPlace } from './end-record.ts'
import { readExtraFields } from './extra-fields.ts'
import { zipRefusals } from './refusals.ts'

/** A member as the central directory has it (APPNOTE 4.3.12). */
export interface ZipEntry {
  readonly name: string
  readonly nameBytes: Uint8Array
  readonly method: number
  readonly flags: number
  readonly crc32: number
  readonly compressedSize: number
  readonly size: number
  /** Of its local header. */
  readonly offset: number
}

const refuse = refusing(zipRefusals)
const headerLength = 46
export const stored = 0
export const deflated = 8

export function readDirectory(file: RandomAccess, { offset, size, count }: DirectoryPlace): readonly ZipEntry[] {
  checkMemberCount(count)
  const directory = view(file.read(offset, size))
  const entries: ZipEntry[] = []
  let at = 0
  for (; at < size; at += headerLength + lengthsAt(directory, at).total) entries.push(readEntry(directory, at))
  if (entries.length !== count)
    throw refuse(
      'zip-entry-count-differs',
      `its end record counts ${count} members, its directory has ${entries.length}`,
    )
  return entries
}

function lengthsAt(directory: DataView, at: number) {
  const isHeader = at + headerLength <= directory.byteLength && directory.getUint32(at, true) === 0x02014b50
  if (!isHeader) throw refuse('zip-directory-damaged', 'its central directory is damaged')
  const [name, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true)) as [
    number,
    number,
    number,
  ]
  const total = name + extra + comment
  if (at + headerLength + total > directory.byteLength)
    throw refuse('zip-directory-damaged', 'its central directory is cut off')
  return { name, extra, comment, total }
}

function readEntry(directory: DataView, at: number): ZipEntry {
  const lengths = lengthsAt(directory, at)
  const bytes = (from: number, length: number) => new Uint8Array(directory.buffer, directory.byteOffset + from, length)
  const nameBytes = bytes(at + headerLength, lengths.name)
  const flags = directory.getUint16(at + 8, true)
  const name = readName(nameBytes, flags)
  if (lengths.comment > 0) throw refuse('zip-member-comment', `${shown(name)} in it has a comment`)
  if (directory.getUint16(at + 34, true) !== 0)
    throw refuse('zip-several-disks', `${shown(name)} in it lies on another disk`)
  const sizes = readExtraFields(bytes(at + headerLength + lengths.name, lengths.extra), nameBytes, name, {
    size: directory.getUint32(at + 24, true),
    compressedSize: directory.getUint32(at + 20, true),
    offset: directory.getUint32(at + 42, true),
  })
  const { size, compressedSize, offset = 0 } = sizes
  const method = directory.getUint16(at + 10, true)
  const entry = {
    name,
    nameBytes,
    method,
    flags,
    crc32: directory.getUint32(at + 16, true),
    compressedSize,
    size,
    offset,
  }
  checkEntry(entry, directory.getUint32(at + 38, true) >>> 16)
  return entry
}

/** Bit 11 says UTF-8 (APPNOTE 4.4.4); without it Python reads code page 437 and others what they like. */
function readName(bytes: Uint8Array, flags: number): string {
  const name = utf8(bytes)
  if (name === undefined)
    throw refuse('zip-name-not-utf8', `the name ${shown(new TextDecoder().decode(bytes))} in it is not UTF-8`)
  if ((flags & 0x0800) === 0 && bytes.some((byte) => byte > 0x7f))
    throw refuse('zip-name-flag-missing', `the name ${shown(name)} in it is not marked as UTF-8`)
  return name
}

/** `mode` is that of Unix, in the upper half of the external attributes; 0 where the builder's system has none. */
function checkEntry({ name, flags, method, size, compressedSize }: ZipEntry, mode: number): void {
  // Bit 0: encrypted; 6: strong encryption; 13: masked header. Bit 5: compressed patched data.
  if ((flags & 0x2041) !== 0) throw refuse('zip-encrypted', `${shown(name)} in it is encrypted`)
  if ((flags & 0x0020) !== 0) throw refuse('zip-patched-data', `${shown(name)} in it is a patch`)
  if (method !== stored && method !== deflated)
    throw refuse('zip-compression-method', `${shown(name)} in it is compressed by method ${method}`)
  const type = mode & 0o170000
  const isFolder = name.endsWith('/')
  if (type !== 0 && type !== 0o100000 && !(type === 0o040000 && isFolder))
    throw refuse('zip-member-type', `${shown(name)} in it is a link or another special file`)
  if (isFolder && size > 0) throw refuse('zip-folder-with-content', `the folder ${shown(name)} in it has content`)
  if (method === stored && size !== compressedSize)
    throw refuse('zip-stored-size-differs', `${shown(name)} in it is stored, but its two sizes differ`)
}
