import { type Problem, problem } from './random-access.ts'

/** A member of a tar archive. */
export interface TarMember {
  readonly name: string
  readonly type: string
  readonly size: number
  /** The content, where it was asked for. */
  readonly content?: Uint8Array
}

const block = 512
/** Of a PAX or GNU long name record. */
const maxRecord = 1024 * 1024

/**
 * Walks a tar archive (POSIX ustar and PAX, GNU long names) that comes in chunks, keeping only the members that `wanted`
 * names, each up to `limit` bytes. Answers all members; never throws at what is in the bytes.
 */
export async function readTar(
  chunks: AsyncIterable<Uint8Array>,
  wanted: (name: string) => boolean,
  limit: number,
): Promise<{ readonly ok: true; readonly members: readonly TarMember[] } | Problem> {
  const members: TarMember[] = []
  const input = byteReader(chunks)
  let longName: string | undefined
  for (;;) {
    const header = await input.take(block)
    if (header.length === 0 || header.every((byte) => byte === 0)) return { ok: true, members }
    const parsed = header.length === block ? parseHeader(header) : undefined
    if (parsed === undefined) return problem('its tar archive is cut off or damaged')
    const { size, type } = parsed
    const padded = Math.ceil(size / block) * block
    if (type === 'x' || type === 'L') {
      if (size > maxRecord) return problem('its tar archive has an oversized header')
      const record = new TextDecoder().decode((await input.take(padded)).subarray(0, size))
      longName = (type === 'L' ? record.replace(/\0.*$/s, '') : paxPath(record)) ?? longName
      continue
    }
    const name = longName ?? parsed.name
    longName = undefined
    if (wanted(name) && size > limit) return problem(`${name} in it is larger than ${limit} bytes`)
    const content = wanted(name) ? (await input.take(padded)).subarray(0, size) : undefined
    if (content === undefined) await input.skip(padded)
    if (content !== undefined && content.length < size) return problem('its tar archive is cut off')
    members.push({ name, type, size, ...(content === undefined ? {} : { content }) })
    if (members.length > 100_000) return problem('its tar archive has more than 100000 members')
  }
}

function parseHeader(header: Uint8Array): { name: string; size: number; type: string } | undefined {
  const text = (start: number, length: number) =>
    new TextDecoder().decode(header.subarray(start, start + length)).replace(/\0.*$/s, '')
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  if (Number.parseInt(text(148, 8).trim(), 8) !== sum) return undefined
  const size = Number.parseInt(text(124, 12).trim() || '0', 8)
  if (!Number.isSafeInteger(size)) return undefined
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : ''
  const name = text(0, 100)
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: text(156, 1) || '0' }
}

/** PAX records are "LENGTH KEY=VALUE\n" (POSIX pax, extended header). */
function paxPath(records: string): string | undefined {
  return /^\d+ path=(.*)$/m.exec(records)?.[1]
}

function byteReader(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()

  async function fill(): Promise<boolean> {
    while (rest.length === 0) {
      const next = await iterator.next()
      if (next.done === true) return false
      rest = next.value
    }
    return true
  }

  return {
    /** Up to `length` bytes; fewer only at the end. */
    async take(length: number): Promise<Uint8Array> {
      const parts: Uint8Array[] = []
      for (let missing = length; missing > 0 && (await fill()); ) {
        const part = rest.subarray(0, missing)
        parts.push(part)
        rest = rest.subarray(part.length)
        missing -= part.length
      }
      return Buffer.concat(parts)
    },
    async skip(length: number): Promise<void> {
      for (let missing = length; missing > 0 && (await fill()); ) {
        const skipped = Math.min(missing, rest.length)
        rest = rest.subarray(skipped)
        missing -= skipped
      }
    },
  }
}
