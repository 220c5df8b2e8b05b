import { gzipSync } from 'node:zlib'

/** A header of tar and what follows it. Whatever is left out is right, and of ustar. */
export interface RawTarMember {
  readonly name: string | Buffer
  readonly content?: string | Buffer
  readonly type?: string
  readonly link?: string | Buffer
  /** The size field as it stands there, in place of octal digits. */
  readonly size?: string | Buffer
  readonly magic?: string
  readonly prefix?: string
  /** Added to the right checksum. */
  readonly checksum?: number
  readonly padding?: Buffer
}

/** A tar archive written header by header, for archives that lie; with nothing overridden it is sound. */
export function rawTar(members: readonly RawTarMember[], end: Buffer = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...members.map(writeMember), end])
}

export function rawTarGz(members: readonly RawTarMember[], end?: Buffer): Buffer {
  return gzipSync(rawTar(members, end))
}

/** The header of PAX before a member (`x`) or before all (`g`), from "KEY=VALUE" or from bytes. */
export function pax(records: readonly string[] | Buffer, type = 'x'): RawTarMember {
  const content = Buffer.isBuffer(records) ? records : Buffer.concat(records.map(paxRecord))
  return { name: 'PaxHeaders/0', type, content }
}

export function gnuLong(type: 'L' | 'K', name: string): RawTarMember {
  return { name: '././@LongLink', type, content: `${name}\0`, magic: 'ustar  \0' }
}

export function paxRecord(text: string): Buffer {
  const rest = Buffer.byteLength(` ${text}\n`)
  const digits = String(rest + String(rest).length).length
  return Buffer.from(`${rest + digits} ${text}\n`)
}

function writeMember(member: RawTarMember): Buffer {
  const content = Buffer.from(member.content ?? '')
  const block = Buffer.alloc(512)
  block.set(Buffer.from(member.name).subarray(0, 100), 0)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.set(Buffer.from(member.size ?? `${content.length.toString(8).padStart(11, '0')}\0`), 124)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write(member.type ?? '0', 156, 'latin1')
  block.set(Buffer.from(member.link ?? '').subarray(0, 100), 157)
  block.write(member.magic ?? 'ustar\x0000', 257)
  block.write(member.prefix ?? '', 345)
  const sum = block.reduce((total, byte) => total + byte, 0) + (member.checksum ?? 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = member.padding ?? Buffer.alloc((512 - (content.length % 512)) % 512)
  return Buffer.concat([block, content, padding])
}
