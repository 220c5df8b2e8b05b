import { crc32, deflateRawSync } from 'node:zlib'
import { littleEndian } from './little-endian.ts'

/** The fields of a local header or a directory record. Whatever is left out is right. */
export interface RawHeader {
  readonly signature: number
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly name: string | Buffer
  readonly nameLength: number
  readonly extra: Buffer
  readonly extraLength: number
  /** Of the directory record alone. */
  readonly comment: Buffer
  readonly disk: number
  readonly attributes: number
  readonly offset: number
}

export interface RawMember {
  readonly name: string
  readonly content?: string | Buffer
  readonly method?: number
  /** What stands in the archive in place of the packed content. */
  readonly data?: Buffer
  readonly both?: Partial<RawHeader>
  readonly local?: Partial<RawHeader>
  readonly central?: Partial<RawHeader>
  readonly descriptor?: (member: { readonly crc: number; readonly packed: number; readonly size: number }) => Buffer
  readonly before?: Buffer
  readonly after?: Buffer
  readonly only?: 'local' | 'central'
}

export interface RawEnd {
  readonly disk: number
  readonly directoryDisk: number
  readonly here: number
  readonly count: number
  readonly size: number
  readonly offset: number
  readonly commentLength: number
}

export interface RawZip {
  readonly members: readonly RawMember[]
  readonly prefix?: Buffer
  readonly beforeDirectory?: Buffer
  readonly afterDirectory?: Buffer
  readonly end?: Partial<RawEnd>
  readonly comment?: Buffer
  readonly suffix?: Buffer
  /** Makes the records between directory and end. */
  readonly zip64?: (place: { readonly count: number; readonly size: number; readonly offset: number }) => Buffer
}

/** A ZIP written field by field, for archives that lie; with nothing overridden it is sound. */
export function rawZip(zip: RawZip): Buffer {
  const parts: Buffer[] = [zip.prefix ?? Buffer.alloc(0)]
  const records: Buffer[] = []
  for (const member of zip.members) {
    const offset = Buffer.concat(parts).length
    const { local, central } = writeMember(member, offset)
    if (member.only !== 'central') parts.push(local)
    if (member.only !== 'local') records.push(central)
  }
  parts.push(zip.beforeDirectory ?? Buffer.alloc(0))
  const directory = Buffer.concat(records)
  const place = { count: records.length, size: directory.length, offset: Buffer.concat(parts).length }
  const middle = [zip.afterDirectory ?? Buffer.alloc(0), zip.zip64?.(place) ?? Buffer.alloc(0)]
  return Buffer.concat([...parts, directory, ...middle, endRecord(zip, place), zip.suffix ?? Buffer.alloc(0)])
}

function writeMember(member: RawMember, offset: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(member.content ?? '')
  const method = member.method ?? 8
  const data = member.data ?? (method === 8 ? deflateRawSync(content) : content)
  const right = { crc: crc32(content), packed: data.length, size: content.length }
  const header = {
    flags: 0x0800,
    method,
    ...right,
    name: member.name,
    extra: Buffer.alloc(0),
    comment: Buffer.alloc(0),
    disk: 0,
    attributes: 0o100644 * 0x10000,
    offset: offset + (member.before?.length ?? 0),
    ...member.both,
  }
  const local = localHeader({ ...header, ...member.local })
  const behind = [member.descriptor?.(right) ?? Buffer.alloc(0), member.after ?? Buffer.alloc(0)]
  return {
    local: Buffer.concat([member.before ?? Buffer.alloc(0), local, data, ...behind]),
    central: directoryRecord({ ...header, ...member.central }),
  }
}

type Written = Omit<RawHeader, 'signature' | 'nameLength' | 'extraLength'> & Partial<RawHeader>

function localHeader(header: Written): Buffer {
  const name = Buffer.from(header.name)
  const start = littleEndian([4, header.signature ?? 0x04034b50], [2, 20], ...common(header, name))
  return Buffer.concat([start, name, header.extra])
}

function directoryRecord(header: Written): Buffer {
  const name = Buffer.from(header.name)
  const { comment, disk, attributes, offset } = header
  const start = littleEndian(
    [4, header.signature ?? 0x02014b50],
    [2, (3 << 8) | 20],
    [2, 20],
    ...common(header, name),
    [2, comment.length],
    [2, disk],
    [2, 0],
    [4, attributes],
    [4, offset],
  )
  return Buffer.concat([start, name, header.extra, comment])
}

function common(header: Written, name: Buffer): readonly (readonly [2 | 4, number])[] {
  const { flags, method, crc, packed, size, extra } = header
  return [
    [2, flags],
    [2, method],
    [2, 0],
    [2, 0x0021],
    [4, crc],
    [4, packed],
    [4, size],
    [2, header.nameLength ?? name.length],
    [2, header.extraLength ?? extra.length],
  ]
}

function endRecord(zip: RawZip, place: { count: number; size: number; offset: number }): Buffer {
  const comment = zip.comment ?? Buffer.alloc(0)
  const right = { disk: 0, directoryDisk: 0, here: place.count, ...place, commentLength: comment.length }
  const end = { ...right, ...zip.end }
  const start = littleEndian(
    [4, 0x06054b50],
    [2, end.disk],
    [2, end.directoryDisk],
    [2, end.here],
    [2, end.count],
    [4, end.size],
    [4, end.offset],
    [2, end.commentLength],
  )
  return Buffer.concat([start, comment])
}
