import { crc32 } from 'node:zlib'
import { view } from '../archive/bytes.ts'
import { inflate, type Sink } from '../archive/inflate.ts'
import { checkInflatedTotal } from '../archive/inflated-total.ts'
import { archiveLimits } from '../archive/limits.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing } from '../refusals.ts'
import { gzipRefusals } from './refusals.ts'

const refuse = refusing(gzipRefusals)
const trailerLength = 8

/**
 * Inflates a gzip file (RFC 1952) of one or several members into `sink`, in constant memory. Node's own gunzip reads over
 * zeros after the end, in which other readers may find more.
 */
export async function gunzip(file: RandomAccess, sink: Sink): Promise<void> {
  let total = 0
  const bounded: Sink = (chunk) => {
    total += chunk.length
    checkInflatedTotal(total, file.size)
    sink(chunk)
  }
  let at = 0
  for (let members = 0; at < file.size || members === 0; members++) {
    if (members === archiveLimits.gzipMembers)
      throw refuse('gzip-too-many-members', `it has more than ${members} gzip streams`)
    const start = readHeader(file, at)
    const { taken, crc, size } = await inflateMember(file, start, bounded)
    at = start + taken + trailerLength
    checkTrailer(file, start + taken, crc, size)
  }
}

async function inflateMember(file: RandomAccess, start: number, sink: Sink) {
  let crc = 0
  let size = 0
  const measured: Sink = (chunk) => {
    crc = crc32(chunk, crc)
    size += chunk.length
    sink(chunk)
  }
  try {
    return { taken: await inflate(file, start, file.size, measured), crc, size }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw refuse('gzip-cut-off', 'its gzip stream ends early')
    if (code === 'Z_DATA_ERROR') throw refuse('gzip-damaged', 'its gzip stream cannot be inflated')
    throw error
  }
}

function checkTrailer(file: RandomAccess, at: number, crc: number, size: number): void {
  const trailer = view(file.read(at, trailerLength))
  if (trailer.byteLength < trailerLength) throw refuse('gzip-cut-off', 'its gzip trailer is cut off')
  if (trailer.getUint32(0, true) !== crc) throw refuse('gzip-crc-differs', 'its gzip checksum is wrong')
  // Modulo 2^32 (RFC 1952 2.3.1).
  if (trailer.getUint32(4, true) !== size % 2 ** 32) throw refuse('gzip-size-differs', 'its gzip size is wrong')
}

/** Answers where the deflate stream begins. Flags: 2 header checksum, 4 extra field, 8 name, 16 comment. */
function readHeader(file: RandomAccess, at: number): number {
  const header = file.read(at, archiveLimits.gzipHeaderBytes)
  if (header[0] !== 0x1f || header[1] !== 0x8b) {
    if (at === 0) throw refuse('gzip-not-gzip', 'it is not compressed by gzip')
    throw refuse('gzip-trailing-data', `${file.size - at} bytes follow its gzip stream`)
  }
  const [, , method = 0, flags = 0] = header
  let length = 10
  const malformed = () => refuse('gzip-header-malformed', 'its gzip header is malformed')
  if (method !== 8 || (flags & 0xe0) !== 0) throw malformed()
  if ((flags & 4) !== 0) length += 2 + (header[10] ?? 0) + 256 * (header[11] ?? 0)
  for (const text of [8, 16]) {
    if ((flags & text) === 0) continue
    const end = header.indexOf(0, length)
    if (end === -1) throw malformed()
    length = end + 1
  }
  if ((flags & 2) !== 0) length += 2
  if (length > header.length) throw malformed()
  return at + length
}
