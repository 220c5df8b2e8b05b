import { crc32, deflateRawSync } from 'node:zlib'
import { littleEndian } from '../little-endian.ts'
import type { RawMember } from '../raw-zip.ts'
import { zip64Extra } from '../raw-zip64.ts'
import { framed, type MalformedCase } from './malformed-case.ts'

type Change = Partial<RawMember> | ((member: RawMember) => Partial<RawMember>)

/** Each fault in the first member, in METADATA, and in the last. */
const places = { 'the first member': 0, METADATA: 2, RECORD: 4 }

function changed(fault: string, code: string, change: Change): MalformedCase[] {
  return Object.entries(places).map(([place, index]) =>
    framed(`${fault} of ${place}`, code, (members) => ({
      members: members.map((member, at) =>
        at === index ? { ...member, ...(typeof change === 'function' ? change(member) : change) } : member,
      ),
    })),
  )
}

const packed = (member: RawMember) => deflateRawSync(member.content ?? '')
const sizes = (member: RawMember) => ({ size: Buffer.byteLength(member.content ?? ''), packed: packed(member).length })

function unicodePath(header: string | Buffer, name: string, change: { version?: number; crc?: number } = {}): Buffer {
  const crc = change.crc ?? crc32(header)
  const data = Buffer.concat([littleEndian([1, change.version ?? 1], [4, crc]), Buffer.from(name)])
  return Buffer.concat([littleEndian([2, 0x7075], [2, data.length]), data])
}

const localAgainstDirectory: readonly MalformedCase[] = [
  ...changed('another local name', 'zip-local-name-differs', { local: { name: 'app/__other__.py' } }),
  ...changed('a shorter local name', 'zip-local-name-differs', ({ name }) => ({ local: { name: name.slice(0, -1) } })),
  ...changed('other case in the local name', 'zip-local-name-differs', ({ name }) => ({
    local: { name: name.toUpperCase() },
  })),
  ...changed('a local name behind NUL', 'zip-local-name-differs', ({ name }) => ({ local: { name: `${name}\0` } })),
  ...changed('another local checksum', 'zip-local-crc-differs', { local: { crc: 1 } }),
  ...changed('no local checksum', 'zip-local-crc-differs', { local: { crc: 0 } }),
  ...changed('another local size', 'zip-local-size-differs', { local: { size: 7 } }),
  ...changed('another local packed size', 'zip-local-size-differs', { local: { packed: 7 } }),
  ...changed('no local sizes', 'zip-local-size-differs', { local: { packed: 0, size: 0 } }),
  ...changed('another local method', 'zip-local-method-differs', { local: { method: 0 } }),
  ...changed('a local flag of encryption', 'zip-local-flags-differ', { local: { flags: 0x0801 } }),
  ...changed('a local flag of a descriptor', 'zip-local-flags-differ', { local: { flags: 0x0808 } }),
  ...changed('a directory flag of a descriptor', 'zip-local-flags-differ', { central: { flags: 0x0808 } }),
  ...changed('no local flag of UTF-8', 'zip-local-flags-differ', { local: { flags: 0 } }),
  ...changed('no local signature', 'zip-local-header-missing', { local: { signature: 0x04034b51 } }),
  ...changed('a directory signature as local one', 'zip-local-header-missing', { local: { signature: 0x02014b50 } }),
]

const refusedFeatures: readonly MalformedCase[] = [
  ...changed('encryption', 'zip-encrypted', { both: { flags: 0x0801 } }),
  ...changed('strong encryption', 'zip-encrypted', { both: { flags: 0x0841 } }),
  ...changed('a masked header', 'zip-encrypted', { both: { flags: 0x2800 } }),
  ...changed('patched data', 'zip-patched-data', { both: { flags: 0x0820 } }),
  ...[1, 6, 9, 12, 14, 93, 95, 98, 99].flatMap((method) =>
    changed(`compression method ${method}`, 'zip-compression-method', ({ content = '' }) => ({
      method,
      data: Buffer.from(content),
    })).slice(0, 1),
  ),
  ...changed('a comment', 'zip-member-comment', { central: { comment: Buffer.from('hello') } }),
  ...changed('a local header as comment', 'zip-member-comment', {
    central: { comment: littleEndian([4, 0x04034b50]) },
  }),
  ...changed('another disk', 'zip-several-disks', { central: { disk: 1 } }),
  ...[0o120777, 0o060644, 0o020644, 0o010644, 0o140644, 0o040755].flatMap((mode) =>
    changed(`file type ${(mode >> 12).toString(8)}`, 'zip-member-type', {
      central: { attributes: mode * 0x10000 },
    }).slice(0, 1),
  ),
]

const content: readonly MalformedCase[] = [
  ...changed('a wrong checksum', 'zip-content-crc-differs', { both: { crc: 12345 } }),
  ...changed('a size that is too small', 'zip-content-size-differs', (member) => ({
    both: { size: sizes(member).size - 1 },
  })),
  ...changed('a size that is far too small', 'zip-content-size-differs', { both: { size: 3 } }),
  ...changed('a size that is too large', 'zip-content-size-differs', (member) => ({
    both: { size: sizes(member).size + 1 },
  })),
  ...changed('damaged data', 'zip-content-damaged', (member) => ({ data: Buffer.alloc(packed(member).length, 0xff) })),
  ...changed('cut off data', 'zip-content-damaged', (member) => ({ data: packed(member).subarray(0, -2) })),
  ...changed('bytes behind the deflate stream', 'zip-content-hidden-data', (member) => ({
    data: Buffer.concat([packed(member), Buffer.from('hidden')]),
  })),
  ...changed('a second deflate stream', 'zip-content-hidden-data', (member) => ({
    data: Buffer.concat([packed(member), packed(member)]),
  })),
  ...changed('two sizes of stored data', 'zip-stored-size-differs', ({ content = '' }) => ({
    method: 0,
    both: { size: content.length + 1 },
  })),
]

const extras: readonly MalformedCase[] = [
  ...(['local', 'central'] as const).flatMap((side) => [
    ...changed(`3 bytes of ${side} extra`, 'zip-extra-malformed', { [side]: { extra: Buffer.alloc(3) } }),
    ...changed(`a ${side} extra that is cut off`, 'zip-extra-malformed', {
      [side]: { extra: littleEndian([2, 0x5455], [2, 9], [1, 1]) },
    }),
    ...changed(`two ${side} Unicode paths`, 'zip-extra-duplicate', ({ name }) => {
      const extra = unicodePath(name, name)
      return { [side]: { extra: Buffer.concat([extra, extra]) } }
    }),
    ...changed(`two ${side} ZIP64 extras`, 'zip-extra-duplicate', {
      [side]: { extra: Buffer.concat([zip64Extra(), zip64Extra()]) },
    }),
    ...changed(`another name in the ${side} Unicode path`, 'zip-unicode-path-differs', ({ name }) => ({
      [side]: { extra: unicodePath(name, 'evil.py') },
    })),
    ...changed(`a wrong checksum in the ${side} Unicode path`, 'zip-unicode-path-differs', ({ name }) => ({
      [side]: { extra: unicodePath(name, name, { crc: 1 }) },
    })),
    ...changed(`another version of the ${side} Unicode path`, 'zip-unicode-path-differs', ({ name }) => ({
      [side]: { extra: unicodePath(name, name, { version: 2 }) },
    })),
    ...changed(`no name in the ${side} Unicode path`, 'zip-unicode-path-differs', {
      [side]: { extra: littleEndian([2, 0x7075], [2, 4], [4, 0]) },
    }),
    ...changed(`a ${side} size full of ones`, 'zip-zip64-extra-malformed', { [side]: { size: 0xffffffff } }),
    ...changed(`a ${side} packed size full of ones`, 'zip-zip64-extra-malformed', { [side]: { packed: 0xffffffff } }),
    ...changed(`a ${side} ZIP64 extra of 4 bytes`, 'zip-zip64-extra-malformed', {
      [side]: { extra: littleEndian([2, 1], [2, 4], [4, 0]) },
    }),
    ...changed(`a ${side} ZIP64 extra without the size`, 'zip-zip64-extra-malformed', {
      [side]: { size: 0xffffffff, extra: zip64Extra() },
    }),
    ...changed(`a ${side} ZIP64 extra of 4 values`, 'zip-zip64-extra-malformed', (member) => ({
      [side]: { extra: zip64Extra(sizes(member).size, sizes(member).packed, 0, 0) },
    })),
    ...changed(`a ${side} ZIP64 extra with another size`, 'zip-zip64-extra-malformed', (member) => ({
      [side]: { extra: zip64Extra(1, sizes(member).packed) },
    })),
    ...changed(`a ${side} ZIP64 extra with another packed size`, 'zip-zip64-extra-malformed', (member) => ({
      [side]: { extra: zip64Extra(sizes(member).size, 1) },
    })),
  ]),
  ...changed('a local ZIP64 size that differs', 'zip-local-size-differs', (member) => ({
    local: { size: 0xffffffff, extra: zip64Extra(sizes(member).size + 1) },
  })),
  ...changed('a local ZIP64 packed size that differs', 'zip-local-size-differs', (member) => ({
    local: { packed: 0xffffffff, extra: zip64Extra(sizes(member).packed + 1) },
  })),
  ...changed('a ZIP64 size beyond what numbers hold', 'zip-zip64-extra-malformed', {
    central: { size: 0xffffffff, extra: Buffer.concat([littleEndian([2, 1], [2, 8]), Buffer.alloc(8, 0xff)]) },
  }),
]

type Described = { readonly crc: number; readonly packed: number; readonly size: number }
const signed = ({ crc, packed: inside, size }: Described) =>
  littleEndian([4, 0x08074b50], [4, crc], [4, inside], [4, size])

function described(fault: string, descriptor: (right: Described) => Buffer, change: Partial<RawMember> = {}) {
  return changed(fault, 'zip-descriptor-differs', { both: { flags: 0x0808 }, descriptor, ...change })
}

const descriptors: readonly MalformedCase[] = [
  ...described('a descriptor with another checksum', (right) => signed({ ...right, crc: 1 })),
  ...described('a descriptor without checksum', (right) => signed({ ...right, crc: 0 })),
  ...described('a descriptor with another size', (right) => signed({ ...right, size: 1 })),
  ...described('a descriptor with another packed size', (right) => signed({ ...right, packed: 1 })),
  ...described('an unsigned descriptor with another size', (right) => signed({ ...right, size: 1 }).subarray(4)),
  ...described('a descriptor with another signature', (right) =>
    Buffer.concat([Buffer.from('PK\x07\x07'), signed(right).subarray(4)]),
  ),
  ...described('no descriptor', () => Buffer.alloc(0)),
  ...described('half a descriptor', (right) => signed(right).subarray(0, 8)),
  ...described('a descriptor and more', (right) => Buffer.concat([signed(right), Buffer.alloc(9)])),
  ...described('a 64-bit descriptor without ZIP64', ({ crc, packed: inside, size }) =>
    littleEndian([4, 0x08074b50], [4, crc], [8, inside], [8, size]),
  ),
  ...changed('a descriptor of stored data', 'zip-descriptor-stored', {
    method: 0,
    both: { flags: 0x0808 },
    descriptor: signed,
  }),
]

export const zipMemberCases: readonly MalformedCase[] = [
  ...localAgainstDirectory,
  ...refusedFeatures,
  ...content,
  ...extras,
  ...descriptors,
]
