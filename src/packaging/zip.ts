import { crc32, inflateRawSync } from 'node:zlib'
import { type Problem, problem, type RandomAccess } from './random-access.ts'

/** A member as the central directory has it (APPNOTE 4.3.12). */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly flags: number
  readonly crc32: number
  readonly compressedSize: number
  readonly size: number
  /** Of its local header. */
  readonly offset: number
}

export type ZipDirectory = { readonly ok: true; readonly entries: readonly ZipEntry[] } | Problem

const endSignature = 0x06054b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50
const maxDirectoryBytes = 64 * 1024 * 1024
const maxEntries = 100_000

/** The members of a ZIP archive, from its central directory. Never throws at what is in the bytes. */
export function readZipDirectory(file: RandomAccess): ZipDirectory {
  const end = findEnd(file)
  if (end === undefined) return problem('it is not a ZIP archive, or was cut off: the end record is missing')
  const place = end.isZip64 ? readZip64End(file, end.position) : end
  if (place === undefined) return problem('its ZIP64 end record cannot be read')
  const { offset, size, count } = place
  if (offset + size > file.size || size > maxDirectoryBytes) return problem('its central directory lies outside of it')
  if (count > maxEntries) return problem(`it has more than ${maxEntries} members`)
  return readEntries(view(file.read(offset, size)), count)
}

/** The content of one member, at most `limit` bytes. */
export function readZipEntry(
  file: RandomAccess,
  entry: ZipEntry,
  limit: number,
): { ok: true; bytes: Uint8Array } | Problem {
  if (entry.size > limit || entry.compressedSize > limit)
    return problem(`${entry.name} in it is larger than ${limit} bytes`)
  if ((entry.flags & 1) !== 0) return problem(`${entry.name} in it is encrypted`)
  const header = view(file.read(entry.offset, 30))
  if (header.byteLength < 30 || header.getUint32(0, true) !== localSignature)
    return problem(`${entry.name} in it has no local header`)
  const nameLength = header.getUint16(26, true)
  const start = entry.offset + 30 + nameLength + header.getUint16(28, true)
  const localName = new TextDecoder().decode(file.read(entry.offset + 30, nameLength))
  // What one reader finds by the central directory another finds by streaming: both must see the same name.
  if (localName !== entry.name) return problem(`${entry.name} in it is called "${localName}" in its local header`)
  const packed = file.read(start, Math.min(entry.compressedSize, file.size))
  if (packed.length < entry.compressedSize) return problem(`${entry.name} in it is cut off`)
  return unpack(entry, packed)
}

function unpack(entry: ZipEntry, packed: Uint8Array): { ok: true; bytes: Uint8Array } | Problem {
  if (entry.method !== 0 && entry.method !== 8)
    return problem(`${entry.name} in it is compressed by an unknown method (${entry.method})`)
  try {
    const bytes = entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) })
    if (bytes.length !== entry.size) return problem(`${entry.name} in it does not have the size that it says`)
    if (crc32(bytes) !== entry.crc32) return problem(`${entry.name} in it has a wrong checksum`)
    return { ok: true, bytes }
  } catch {
    return problem(`${entry.name} in it cannot be decompressed`)
  }
}

interface DirectoryPlace {
  readonly offset: number
  readonly size: number
  readonly count: number
}

/** The end record stands last, before a comment of up to 65,535 bytes (APPNOTE 4.3.16). */
function findEnd(file: RandomAccess): (DirectoryPlace & { isZip64: boolean; position: number }) | undefined {
  const length = Math.min(file.size, 22 + 0xffff)
  const tail = view(file.read(file.size - length, length))
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== endSignature) continue
    if (at + 22 + tail.getUint16(at + 20, true) !== tail.byteLength) continue
    const [count, size, offset] = [
      tail.getUint16(at + 10, true),
      tail.getUint32(at + 12, true),
      tail.getUint32(at + 16, true),
    ]
    const isZip64 = count === 0xffff || size === 0xffffffff || offset === 0xffffffff
    return { count, size, offset, isZip64, position: file.size - length + at }
  }
  return undefined
}

function readZip64End(file: RandomAccess, endPosition: number): DirectoryPlace | undefined {
  if (endPosition < 20) return undefined
  const locator = view(file.read(endPosition - 20, 20))
  if (locator.byteLength < 20 || locator.getUint32(0, true) !== 0x07064b50) return undefined
  const position = Number(locator.getBigUint64(8, true))
  const record = position + 56 <= file.size ? view(file.read(position, 56)) : undefined
  if (record === undefined || record.byteLength < 56 || record.getUint32(0, true) !== 0x06064b50) return undefined
  const [count, size, offset] = [
    record.getBigUint64(32, true),
    record.getBigUint64(40, true),
    record.getBigUint64(48, true),
  ]
  return { count: Number(count), size: Number(size), offset: Number(offset) }
}

function readEntries(directory: DataView, count: number): ZipDirectory {
  const entries: ZipEntry[] = []
  let at = 0
  while (entries.length < count) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== centralSignature) {
      return problem('its central directory is cut off')
    }
    const nameLength = directory.getUint16(at + 28, true)
    const extraLength = directory.getUint16(at + 30, true)
    const next = at + 46 + nameLength + extraLength + directory.getUint16(at + 32, true)
    if (next > directory.byteLength) return problem('its central directory is cut off')
    entries.push(readEntry(directory, at, nameLength, extraLength))
    at = next
  }
  return { ok: true, entries }
}

function readEntry(directory: DataView, at: number, nameLength: number, extraLength: number): ZipEntry {
  const name = new TextDecoder().decode(bytesOf(directory, at + 46, nameLength))
  const large = zip64Values(view(bytesOf(directory, at + 46 + nameLength, extraLength)))
  const wide = (value: number) => (value === 0xffffffff ? (large.shift() ?? value) : value)
  // The order of the ZIP64 extra: size, compressed size, offset, each only where the plain field is full of ones.
  const size = wide(directory.getUint32(at + 24, true))
  const compressedSize = wide(directory.getUint32(at + 20, true))
  const offset = wide(directory.getUint32(at + 42, true))
  const [flags, method] = [directory.getUint16(at + 8, true), directory.getUint16(at + 10, true)]
  return { name, method, flags, crc32: directory.getUint32(at + 16, true), compressedSize, size, offset }
}

/** The 64-bit values of the ZIP64 extended information extra field (APPNOTE 4.5.3). */
function zip64Values(extra: DataView): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true)
    const end = Math.min(at + 4 + length, extra.byteLength)
    if (extra.getUint16(at, true) === 1) {
      const values: number[] = []
      for (let value = at + 4; value + 8 <= end; value += 8) values.push(Number(extra.getBigUint64(value, true)))
      return values
    }
    at = end
  }
  return []
}

function bytesOf(data: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset + offset, length)
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
