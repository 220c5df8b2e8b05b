import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipMember {
  readonly path: string
  readonly content: Uint8Array
}

/** A member given in pieces, so that none of it is held in memory; it is stored, not compressed. */
export interface StreamedMember {
  readonly path: string
  readonly chunks: () => Iterable<Uint8Array>
}

interface Entry {
  readonly path: string
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

const stored = 0
const deflated = 8

/** A ZIP with equal bytes for equal members: fixed times, sizes in the local headers (APPNOTE 4.4), no data descriptors. */
export function zip(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = []
  const entries: Entry[] = []
  let offset = 0
  for (const { path, content } of members) {
    const data = deflateRawSync(content, { level: 6 })
    const entry = { path, method: deflated, crc: crc32(content), packed: data.length, size: content.length, offset }
    const header = localHeader(entry)
    parts.push(header, data)
    entries.push(entry)
    offset += header.length + data.length
  }
  return Buffer.concat([...parts, directory(entries, offset)])
}

/**
 * Writes a ZIP whose first member is streamed, and the members that follow from it: RECORD needs its digest. Resolves with the
 * SHA-256 of the whole file in hex.
 */
export async function writeZip(
  file: string,
  big: StreamedMember,
  rest: (big: { readonly digest: Buffer; readonly size: number }) => readonly ZipMember[],
): Promise<string> {
  // The checksum stands before the data: a first pass over the chunks finds it, the second writes.
  const digest = createHash('sha256')
  let crc = 0
  let size = 0
  for (const chunk of big.chunks()) {
    digest.update(chunk)
    crc = crc32(chunk, crc)
    size += chunk.length
  }
  const whole = createHash('sha256')
  await using target = await open(file, 'w')
  const write = async (bytes: Uint8Array) => {
    whole.update(bytes)
    await target.writeFile(bytes)
  }
  const first = { path: big.path, method: stored, crc, packed: size, size, offset: 0 }
  await write(localHeader(first))
  for (const chunk of big.chunks()) await write(chunk)
  let offset = localHeader(first).length + size
  const entries: Entry[] = [first]
  for (const { path, content } of rest({ digest: digest.digest(), size })) {
    const entry = { path, method: stored, crc: crc32(content), packed: content.length, size: content.length, offset }
    entries.push(entry)
    await write(Buffer.concat([localHeader(entry), content]))
    offset += localHeader(entry).length + content.length
  }
  await write(directory(entries, offset))
  return whole.digest('hex')
}

function localHeader(entry: Entry): Buffer {
  return Buffer.concat([numbers([4, 0x04034b50], ...common(entry)), Buffer.from(entry.path)])
}

function directory(entries: readonly Entry[], offset: number): Buffer {
  const records = Buffer.concat(entries.map(directoryRecord))
  const count = entries.length
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, records.length], [4, offset], [2, 0])
  return Buffer.concat([records, end])
}

function directoryRecord(entry: Entry): Buffer {
  const madeByUnix = (3 << 8) | 20
  return Buffer.concat([
    numbers(
      [4, 0x02014b50],
      [2, madeByUnix],
      ...common(entry),
      [2, 0],
      [2, 0],
      [2, 0],
      [4, modeOf(entry.path) * 0x10000],
      [4, entry.offset],
    ),
    Buffer.from(entry.path),
  ])
}

/** A regular file, rw-r--r--, or a script that one can run: unpackers set the mode that stands here. */
function modeOf(path: string): number {
  return /\.data\/scripts\//.test(path) ? 0o100755 : 0o100644
}

/** The fields that local header and directory share; 0x0021 is 1 January 1980, bit 11 says that paths are UTF-8. */
function common(entry: Entry): readonly (readonly [2 | 4, number])[] {
  const { method, crc, packed, size } = entry
  const pathLength = Buffer.byteLength(entry.path)
  return [
    [2, 20],
    [2, 1 << 11],
    [2, method],
    [2, 0],
    [2, 0x0021],
    [4, crc],
    [4, packed],
    [4, size],
    [2, pathLength],
    [2, 0],
  ]
}

/** Little-endian numbers, each with its width in bytes. */
function numbers(...fields: readonly (readonly [2 | 4, number])[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(width)
      bytes.writeUIntLE(value, 0, width)
      return bytes
    }),
  )
}
