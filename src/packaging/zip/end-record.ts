import { view } from '../archive/bytes.ts'
import { archiveLimits } from '../archive/limits.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing } from '../refusals.ts'
import { zipRefusals } from './refusals.ts'

/** Where the central directory is. It ends where the end records begin. */
export interface DirectoryPlace {
  readonly offset: number
  readonly size: number
  readonly count: number
}

interface End extends DirectoryPlace {
  readonly position: number
}

const refuse = refusing(zipRefusals)
const endLength = 22
const locatorLength = 20
const record64Length = 56

/** Reads the end records (APPNOTE 4.3.14 to 4.3.16), which must be the last bytes of the file and lead to each other. */
export function readEndRecord(file: RandomAccess): DirectoryPlace {
  const end = readEnd(file)
  const { place, position } = readZip64End(file, end)
  if (place.size > archiveLimits.directoryBytes)
    throw refuse('zip-directory-too-large', `its central directory has ${place.size} bytes`)
  // Python shifts all offsets where bytes stand before the archive; others do not.
  if (place.offset + place.size !== position)
    throw refuse(
      'zip-directory-misplaced',
      `its central directory should end at byte ${place.offset + place.size}, but the end records begin at ${position}`,
    )
  return place
}

/** Is there an end record that a ZIP reader would find? For files that should be something else. */
export function hasEndRecord(file: RandomAccess): boolean {
  const tail = readTail(file)
  const at = lastSignature(tail)
  return at !== undefined && at + endLength + tail.getUint16(at + 20, true) === tail.byteLength
}

function readTail(file: RandomAccess): DataView {
  const length = Math.min(file.size, endLength + 0xffff)
  return view(file.read(file.size - length, length))
}

/** The last one in the file, as Python takes it: a signature inside the comment must not be overlooked. */
function lastSignature(tail: DataView): number | undefined {
  for (let at = tail.byteLength - endLength; at >= 0; at--) {
    if (tail.getUint8(at) === 0x50 && tail.getUint32(at, true) === 0x06054b50) return at
  }
  return undefined
}

function readEnd(file: RandomAccess): End {
  const tail = readTail(file)
  const at = lastSignature(tail)
  if (at === undefined) throw refuse('zip-no-end-record', 'it is not a ZIP archive, or was cut off')
  const commentEnd = at + endLength + tail.getUint16(at + 20, true)
  if (commentEnd > tail.byteLength) throw refuse('zip-no-end-record', 'it was cut off inside the comment at its end')
  if (commentEnd < tail.byteLength)
    throw refuse('zip-trailing-data', `${tail.byteLength - commentEnd} bytes follow its end`)
  const [disk, directoryDisk] = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)]
  if (disk !== 0 || directoryDisk !== 0) throw refuse('zip-several-disks', 'it is one of several disks')
  const [here, count] = [tail.getUint16(at + 8, true), tail.getUint16(at + 10, true)]
  if (here !== count)
    throw refuse('zip-entry-count-differs', `its end record counts ${here} members on this disk and ${count} in all`)
  const [size, offset] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)]
  return { count, size, offset, position: file.size - tail.byteLength + at }
}

/** Python follows a locator wherever there is one, others only where the plain record is full of ones: both must agree. */
function readZip64End(file: RandomAccess, end: End): { place: DirectoryPlace; position: number } {
  const locator =
    end.position < locatorLength ? undefined : view(file.read(end.position - locatorLength, locatorLength))
  const isFull = end.count === 0xffff || end.size === 0xffffffff || end.offset === 0xffffffff
  if (locator?.getUint32(0, true) !== 0x07064b50) {
    if (isFull) throw refuse('zip-zip64-no-locator', 'its ZIP64 end record cannot be found')
    return { place: end, position: end.position }
  }
  const position = end.position - locatorLength - record64Length
  if (locator.getUint32(4, true) !== 0 || locator.getUint32(16, true) !== 1)
    throw refuse('zip-several-disks', 'its ZIP64 locator speaks of several disks')
  const place = readRecord64(file, Number(locator.getBigUint64(8, true)), position)
  const agrees = (plain: number, full: number, wide: number) => plain === full || plain === wide
  if (
    !agrees(end.count, 0xffff, place.count) ||
    !agrees(end.size, 0xffffffff, place.size) ||
    !agrees(end.offset, 0xffffffff, place.offset)
  )
    throw refuse('zip-zip64-end-differs', 'its two end records disagree')
  return { place, position }
}

function readRecord64(file: RandomAccess, claimed: number, position: number): DirectoryPlace {
  const isRecord = (at: number) =>
    at >= 0 && at + 56 <= file.size && view(file.read(at, 4)).getUint32(0, true) === 0x06064b50
  if (isRecord(claimed) && Number(view(file.read(claimed, record64Length)).getBigUint64(4, true)) !== 44)
    throw refuse('zip-zip64-extensible-data', 'its ZIP64 end record has data of its own')
  if (claimed !== position || !isRecord(position))
    throw refuse(
      'zip-zip64-misplaced',
      `its ZIP64 end record should be at byte ${claimed}, but is not right before its locator`,
    )
  const record = view(file.read(position, record64Length))
  const [here, count] = [record.getBigUint64(24, true), record.getBigUint64(32, true)]
  if (record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0)
    throw refuse('zip-several-disks', 'its ZIP64 end record speaks of several disks')
  if (here !== count)
    throw refuse(
      'zip-entry-count-differs',
      `its ZIP64 end record counts ${here} members on this disk and ${count} in all`,
    )
  return {
    count: Number(count),
    size: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
  }
}
