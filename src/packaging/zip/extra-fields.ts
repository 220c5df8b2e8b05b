import { crc32 } from 'node:zlib'
import { equalBytes, view } from '../archive/bytes.ts'
import { refusing, shown } from '../refusals.ts'
import { zipRefusals } from './refusals.ts'

/** What a header says in 32 bits, where a ZIP64 extra may say it in 64. `offset` only stands in the directory. */
export interface PlainSizes {
  readonly size: number
  readonly compressedSize: number
  readonly offset?: number
}

export interface Sizes extends PlainSizes {
  readonly isZip64: boolean
}

const refuse = refusing(zipRefusals)
const zip64Id = 0x0001
const unicodePathId = 0x7075

/** Reads the extra fields of a header (APPNOTE 4.5) and answers its sizes. All other fields are for unpackers alone. */
export function readExtraFields(extra: Uint8Array, nameBytes: Uint8Array, name: string, plain: PlainSizes): Sizes {
  const fields = splitFields(extra, name)
  const unicodePath = fields.get(unicodePathId)
  if (unicodePath !== undefined) checkUnicodePath(unicodePath, nameBytes, name)
  return readZip64(fields.get(zip64Id), name, plain)
}

function splitFields(extra: Uint8Array, name: string): ReadonlyMap<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>()
  const data = view(extra)
  for (let at = 0; at < extra.length; ) {
    const end = at + 4 <= extra.length ? at + 4 + data.getUint16(at + 2, true) : Number.POSITIVE_INFINITY
    if (end > extra.length)
      throw refuse('zip-extra-malformed', `the extra fields of ${shown(name)} in it are malformed`)
    const id = data.getUint16(at, true)
    if (fields.has(id) && (id === zip64Id || id === unicodePathId))
      throw refuse('zip-extra-duplicate', `${shown(name)} in it has the same extra field twice`)
    fields.set(id, extra.subarray(at + 4, end))
    at = end
  }
  return fields
}

/** Info-ZIP Unicode path (APPNOTE 4.6.9): version, CRC-32 of the name in the header, name. Only the same name may stand there. */
function checkUnicodePath(field: Uint8Array, nameBytes: Uint8Array, name: string): void {
  const data = view(field)
  const isSame =
    field.length >= 5 &&
    data.getUint8(0) === 1 &&
    data.getUint32(1, true) === crc32(nameBytes) &&
    equalBytes(field.subarray(5), nameBytes)
  if (!isSame)
    throw refuse('zip-unicode-path-differs', `${shown(name)} in it has another name in its Unicode path extra`)
}

/**
 * ZIP64 extended information (APPNOTE 4.5.3): size, compressed size, offset, each only where the header is full of ones. Some
 * writers put all of them always, which is fine where they repeat the header; nobody may find other sizes.
 */
function readZip64(field: Uint8Array | undefined, name: string, plain: PlainSizes): Sizes {
  const order = (['size', 'compressedSize', 'offset'] as const).filter((key) => plain[key] !== undefined)
  const full = order.filter((key) => plain[key] === 0xffffffff)
  const malformed = () => refuse('zip-zip64-extra-malformed', `the ZIP64 extra of ${shown(name)} in it is malformed`)
  if (field === undefined) {
    // 0xffffffff without the extra is a size that is meant, and that no member of ours has.
    if (full.length > 0) throw malformed()
    return { ...plain, isZip64: false }
  }
  const held = field.length === full.length * 8 ? full : order.slice(0, field.length / 8)
  if (field.length !== held.length * 8 || full.some((key) => !held.includes(key))) throw malformed()
  const data = view(field)
  const values = Object.fromEntries(held.map((key, at) => [key, Number(data.getBigUint64(at * 8, true))]))
  const repeats = held.every((key) => full.includes(key) || values[key] === plain[key])
  if (!repeats || Object.values(values).some((value) => !Number.isSafeInteger(value))) throw malformed()
  return { ...plain, ...values, isZip64: true }
}
