import type { ByteRange } from '../objects/object-store.ts'

/** More parts than any client of ours asks for: pip and uv ask for one, download managers for a few. */
const maxRanges = 16

/**
 * The ranges of a `Range` header (RFC 9110 14.2), fitted to a size in bytes, in the order asked for. `undefined`: send the
 * whole, as for units and forms that one does not know, and where the parts would be more or larger than the whole.
 */
export function parseRanges(
  header: string | undefined,
  size: number,
): readonly ByteRange[] | 'unsatisfiable' | undefined {
  const list = /^bytes=(.+)$/i.exec(header?.trim() ?? '')?.[1]?.split(',')
  if (list === undefined || list.length > maxRanges) return undefined
  const ranges = list.map((text) => parseRange(text.trim(), size))
  if (ranges.includes(undefined)) return undefined
  const fitting = ranges.filter((range) => typeof range === 'object')
  if (fitting.length === 0) return 'unsatisfiable'
  const bytes = fitting.reduce((sum, { start, end }) => sum + end - start + 1, 0)
  return bytes > size ? undefined : fitting
}

function parseRange(text: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(text) ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const start = Math.max(0, size - Number(last))
    return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start, end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}
