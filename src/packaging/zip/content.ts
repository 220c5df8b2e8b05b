import { crc32, inflateRawSync } from 'node:zlib'
import { collector } from '../archive/bytes.ts'
import { copy, inflate, type Sink } from '../archive/inflate.ts'
import type { RandomAccess } from '../random-access.ts'
import { Refusal, refusing, shown } from '../refusals.ts'
import { deflated } from './directory.ts'
import type { ZipMember } from './local-headers.ts'
import { zipRefusals } from './refusals.ts'

const refuse = refusing(zipRefusals)
/** Up to here one call that holds all is faster than a stream. */
const small = 256 * 1024

/** Hands over the content of a member in pieces, and refuses it where size, checksum or the end of its data differ. */
export async function readContent(file: RandomAccess, member: ZipMember, sink: Sink): Promise<void> {
  let size = 0
  let crc = 0
  const check: Sink = (chunk) => {
    size += chunk.length
    // At once, not at the end: what says 1 kB must not inflate to a terabyte first.
    if (size > member.size)
      throw refuse('zip-content-size-differs', `${shown(member.name)} in it has more than ${member.size} bytes`)
    crc = crc32(chunk, crc)
    sink(chunk)
  }
  const end = member.start + member.compressedSize
  if (member.method === deflated) await inflateMember(file, member, check)
  else await copy(file, member.start, end, check)
  if (size !== member.size)
    throw refuse('zip-content-size-differs', `${shown(member.name)} in it has ${size} bytes, not ${member.size}`)
  if (crc !== member.crc32) throw refuse('zip-content-crc-differs', `${shown(member.name)} in it has a wrong checksum`)
}

/** The whole content, or `undefined` where it has more than `limit` bytes. */
export async function readWhole(file: RandomAccess, member: ZipMember, limit: number): Promise<Uint8Array | undefined> {
  if (member.size > limit) return undefined
  const content = collector()
  await readContent(file, member, content.add)
  return content.bytes()
}

async function inflateMember(file: RandomAccess, member: ZipMember, sink: Sink): Promise<void> {
  const { start, compressedSize, name } = member
  const isSmall = compressedSize <= small && member.size <= small
  let taken: number
  try {
    taken = isSmall ? inflateAtOnce(file, member, sink) : await inflate(file, start, start + compressedSize, sink)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw refuse('zip-content-size-differs', `${shown(name)} in it has more than ${member.size} bytes`)
    if (error instanceof Refusal || !code.startsWith('Z_')) throw error
    throw refuse('zip-content-damaged', `${shown(name)} in it cannot be inflated`)
  }
  if (taken !== compressedSize)
    throw refuse('zip-content-hidden-data', `${compressedSize - taken} bytes follow the end of ${shown(name)} in it`)
}

function inflateAtOnce(file: RandomAccess, member: ZipMember, sink: Sink): number {
  const packed = file.read(member.start, member.compressedSize)
  // One byte more than is right: enough to see that there is more. `info` makes it answer the engine as well.
  const options = { info: true, maxOutputLength: member.size + 1, chunkSize: Math.max(member.size + 1, 64) }
  const { buffer, engine } = inflateRawSync(packed, options) as unknown as {
    readonly buffer: Uint8Array
    readonly engine: { readonly bytesWritten: number }
  }
  sink(buffer)
  return engine.bytesWritten
}
