import { equalBytes, view } from '../archive/bytes.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing, shown } from '../refusals.ts'
import { stored, type ZipEntry } from './directory.ts'
import { readExtraFields, type Sizes } from './extra-fields.ts'
import { zipRefusals } from './refusals.ts'

/** A member whose local header says the same as the directory. */
export interface ZipMember extends ZipEntry {
  /** Where its bytes begin, right after the local header. */
  readonly start: number
}

const refuse = refusing(zipRefusals)
const headerLength = 30
const hasDescriptor = 0x0008
/** Flags that change how a member is read: encryption, data descriptor, patches, UTF-8. The others are hints to packers. */
const meaningfulFlags = 0x2869

/**
 * Walks the archive from its start as a streaming reader does, and compares each local header (APPNOTE 4.3.7) with the
 * directory. Members must follow each other without a gap from byte 0 to the directory.
 */
export function readLocalHeaders(file: RandomAccess, entries: readonly ZipEntry[], end: number): readonly ZipMember[] {
  const inOrder = [...entries].sort((a, b) => a.offset - b.offset)
  const first = inOrder[0]?.offset ?? end
  if (first !== 0) throw refuse('zip-leading-data', `${first} bytes stand before its first member`)
  return inOrder.map((entry, index) => {
    const next = inOrder[index + 1]?.offset ?? end
    const { start, sizes } = readLocalHeader(file, entry, end)
    const dataEnd = start + entry.compressedSize
    if (dataEnd > next) throw refuse('zip-overlap', `${shown(entry.name)} in it overlaps what follows`)
    if ((entry.flags & hasDescriptor) !== 0) checkDescriptor(file, entry, sizes, dataEnd, next)
    else if (dataEnd < next)
      throw refuse('zip-hidden-data', `${next - dataEnd} bytes after ${shown(entry.name)} in it belong to no member`)
    return { ...entry, start }
  })
}

function readLocalHeader(file: RandomAccess, entry: ZipEntry, end: number): { start: number; sizes: Sizes } {
  const { name, offset } = entry
  const header = view(file.read(offset, headerLength))
  if (offset + headerLength > end || header.getUint32(0, true) !== 0x04034b50)
    throw refuse('zip-local-header-missing', `${shown(name)} in it has no local header`)
  const [nameLength, extraLength] = [header.getUint16(26, true), header.getUint16(28, true)]
  const rest = file.read(offset + headerLength, nameLength + extraLength)
  const nameBytes = rest.subarray(0, nameLength)
  if (!equalBytes(nameBytes, entry.nameBytes))
    throw refuse(
      'zip-local-name-differs',
      `${shown(name)} in it is called ${shown(new TextDecoder().decode(nameBytes))} in its local header`,
    )
  if (((header.getUint16(6, true) ^ entry.flags) & meaningfulFlags) !== 0)
    throw refuse('zip-local-flags-differ', `${shown(name)} in it has other flags in its local header`)
  if (header.getUint16(8, true) !== entry.method)
    throw refuse('zip-local-method-differs', `${shown(name)} in it has another method in its local header`)
  const plain = { size: header.getUint32(22, true), compressedSize: header.getUint32(18, true) }
  const sizes = readExtraFields(rest.subarray(nameLength), nameBytes, name, plain)
  checkLocalSizes(entry, sizes, header.getUint32(14, true))
  return { start: offset + headerLength + nameLength + extraLength, sizes }
}

/** Where a data descriptor follows, the local header may leave all three at 0 (APPNOTE 4.4.4 bit 3). */
function checkLocalSizes(entry: ZipEntry, local: Sizes, crc: number): void {
  const mayBeOpen = (entry.flags & hasDescriptor) !== 0
  const agrees = (said: number, actual: number) => said === actual || (mayBeOpen && said === 0)
  if (!agrees(local.size, entry.size) || !agrees(local.compressedSize, entry.compressedSize))
    throw refuse('zip-local-size-differs', `${shown(entry.name)} in it has other sizes in its local header`)
  if (!agrees(crc, entry.crc32))
    throw refuse('zip-local-crc-differs', `${shown(entry.name)} in it has another checksum in its local header`)
}

/**
 * CRC and sizes after the data (APPNOTE 4.3.9), with or without a signature, in 64 bits where the local header has the
 * ZIP64 extra. PyPI refuses all descriptors; those that say what the directory says mislead nobody, as long as the end of
 * the data can be found without them.
 */
function checkDescriptor(file: RandomAccess, entry: ZipEntry, local: Sizes, start: number, end: number): void {
  if (entry.method === stored && entry.size > 0)
    throw refuse('zip-descriptor-stored', `${shown(entry.name)} in it is stored with a data descriptor`)
  const length = end - start
  const [plain, width] = local.isZip64 ? [20, 8] : [12, 4]
  const data = length === plain || length === plain + 4 ? view(file.read(start, length)) : undefined
  const differs = () => refuse('zip-descriptor-differs', `the data descriptor of ${shown(entry.name)} in it disagrees`)
  if (data === undefined || (length === plain + 4 && data.getUint32(0, true) !== 0x08074b50)) throw differs()
  const at = length - plain
  const number = (from: number) => (width === 8 ? Number(data.getBigUint64(from, true)) : data.getUint32(from, true))
  const agrees =
    data.getUint32(at, true) === entry.crc32 &&
    number(at + 4) === entry.compressedSize &&
    number(at + 4 + width) === entry.size
  if (!agrees) throw differs()
}
