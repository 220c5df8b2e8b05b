import { littleEndian } from './little-endian.ts'

interface Place {
  readonly count: number
  readonly size: number
  readonly offset: number
}

export interface RawZip64 {
  readonly recordSize: number
  readonly disk: number
  readonly directoryDisk: number
  readonly here: number
  readonly count: number
  readonly size: number
  readonly offset: number
  readonly extensible: Buffer
  readonly locator: boolean
  readonly locatorDisk: number
  readonly locatorOffset: number
  readonly disks: number
}

/** ZIP64 end record and locator (APPNOTE 4.3.14 and 15), right but for what is overridden. */
export function zip64End(change: Partial<RawZip64> = {}): (place: Place) => Buffer {
  return (place) => {
    const extensible = change.extensible ?? Buffer.alloc(0)
    const right = { recordSize: 44 + extensible.length, disk: 0, directoryDisk: 0, here: place.count, ...place }
    const record = { ...right, ...change }
    const bytes = littleEndian(
      [4, 0x06064b50],
      [8, record.recordSize],
      [2, 45],
      [2, 45],
      [4, record.disk],
      [4, record.directoryDisk],
      [8, record.here],
      [8, record.count],
      [8, record.size],
      [8, record.offset],
    )
    if (change.locator === false) return Buffer.concat([bytes, extensible])
    const offset = change.locatorOffset ?? place.offset + place.size
    const locator = littleEndian([4, 0x07064b50], [4, change.locatorDisk ?? 0], [8, offset], [4, change.disks ?? 1])
    return Buffer.concat([bytes, extensible, locator])
  }
}

/** A ZIP64 extra field with these values of 8 bytes. */
export function zip64Extra(...values: readonly number[]): Buffer {
  return Buffer.concat([
    littleEndian([2, 1], [2, values.length * 8]),
    littleEndian(...values.map((value) => [8, value] as const)),
  ])
}
