import { collector, isAllZeros } from '../archive/bytes.ts'
import type { Sink } from '../archive/inflate.ts'
import { archiveLimits } from '../archive/limits.ts'
import { refusing } from '../refusals.ts'
import { extensions, isExtension } from './extensions.ts'
import { blockLength, readHeader, type TarHeader } from './header.ts'
import { tarRefusals } from './refusals.ts'

/** Called for each member; the sink that it may answer takes the content. */
export type TarVisitor = (member: TarHeader) => Sink | undefined

const refuse = refusing(tarRefusals)

/** Bytes that are awaited: a header, a content, or the padding behind one. */
interface Part {
  missing: number
  readonly take: Sink
  /** What is awaited when none is missing any more. */
  readonly next: () => Part
}

/**
 * Reads a tar archive that comes in pieces, in constant memory. Throws a `Refusal` at whatever two readers could read
 * differently.
 */
export function tarReader(visit: TarVisitor): { push: Sink; finish(): void } {
  const ahead = extensions()
  let hasEnded = false
  let part = awaitHeader()

  function awaitHeader(): Part {
    const block = collector()
    return { missing: blockLength, take: block.add, next: () => afterHeader(block.bytes()) }
  }
  function afterHeader(block: Uint8Array): Part {
    if (isAllZeros(block)) {
      hasEnded = true
      return { missing: Number.POSITIVE_INFINITY, take: checkPadding, next: awaitHeader }
    }
    const header = readHeader(block)
    return isExtension(header.type) ? awaitExtension(header) : awaitContent(ahead.apply(header))
  }
  function awaitExtension({ type, size }: TarHeader): Part {
    if (size > archiveLimits.tarHeaderBytes) throw refuse('tar-extension-too-large', `a header in it has ${size} bytes`)
    const content = collector()
    return awaitBytes(size, content.add, () => ahead.add(type, content.bytes()))
  }
  function awaitContent(member: TarHeader): Part {
    return awaitBytes(member.size, visit(member) ?? (() => {}), () => {})
  }
  function awaitBytes(size: number, take: Sink, whenTaken: () => void): Part {
    const missing = (blockLength - (size % blockLength)) % blockLength
    const padding: Part = { missing, take: () => {}, next: awaitHeader }
    return {
      missing: size,
      take,
      next: () => {
        whenTaken()
        return padding
      },
    }
  }

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const piece = chunk.subarray(at, at + Math.min(part.missing, chunk.length - at))
        part.take(piece)
        part.missing -= piece.length
        at += piece.length
        while (part.missing === 0) part = part.next()
      }
    },
    finish() {
      if (!hasEnded) throw refuse('tar-cut-off', 'its tar archive is cut off')
      ahead.finish()
    },
  }
}

/** One block of zeros ends the archive for Python, two for others; tools fill up to 10 KiB with more. */
function checkPadding(chunk: Uint8Array): void {
  if (!isAllZeros(chunk)) throw refuse('tar-trailing-data', 'bytes follow the end of its tar archive')
}
