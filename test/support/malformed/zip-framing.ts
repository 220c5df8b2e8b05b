import { deflateRawSync } from 'node:zlib'
import { littleEndian } from '../little-endian.ts'
import { rawWheelFilename, wheelMembers } from '../raw-wheel.ts'
import { type RawEnd, type RawMember, rawZip } from '../raw-zip.ts'
import { type RawZip64, zip64End } from '../raw-zip64.ts'
import { framed, type MalformedCase } from './malformed-case.ts'

function whole(fault: string, code: string, change: (sound: Buffer) => Buffer): MalformedCase {
  return { fault, code, filename: rawWheelFilename, bytes: () => change(rawZip({ members: wheelMembers() })) }
}

const evil = { name: 'app/evil.py', content: 'print()\n' }
const anEnd = rawZip({ members: [] })

const around: readonly MalformedCase[] = [
  whole('nothing', 'zip-no-end-record', () => Buffer.alloc(0)),
  whole('text', 'zip-no-end-record', () => Buffer.from('this is no archive at all, it is only text')),
  whole('a gzip file', 'zip-no-end-record', () =>
    Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  ),
  ...[1, 4, 21, 22, 60].map((bytes) =>
    whole(`${bytes} bytes less at the end`, 'zip-no-end-record', (sound) => sound.subarray(0, -bytes)),
  ),
  ...[1, 2, 100, 60_000].map((bytes) =>
    whole(`${bytes} bytes behind the end`, 'zip-trailing-data', (sound) => Buffer.concat([sound, Buffer.alloc(bytes)])),
  ),
  whole('70,000 bytes behind the end', 'zip-no-end-record', (sound) => Buffer.concat([sound, Buffer.alloc(70_000)])),
  whole('a line break behind the end', 'zip-trailing-data', (sound) => Buffer.concat([sound, Buffer.from('\n')])),
  whole('two archives, one behind the other', 'zip-directory-misplaced', (sound) => Buffer.concat([sound, sound])),
  whole('an empty archive behind it', 'zip-directory-misplaced', (sound) => Buffer.concat([sound, anEnd])),
  ...[1, 100].map((bytes) =>
    whole(`${bytes} bytes before it, offsets as they were`, 'zip-directory-misplaced', (sound) =>
      Buffer.concat([Buffer.alloc(bytes), sound]),
    ),
  ),
  framed('bytes before it, offsets shifted', 'zip-leading-data', (members) => ({
    members,
    prefix: Buffer.from('#!/bin/sh\n'),
  })),
  framed('an archive before it, offsets shifted', 'zip-leading-data', (members) => ({
    members,
    prefix: rawZip({ members: [evil] }),
  })),
  framed('a local header before it that the directory has not', 'zip-leading-data', (members) => ({
    members: [{ ...evil, only: 'local' }, ...members],
  })),
  framed('bytes before the directory', 'zip-hidden-data', (members) => ({
    members,
    beforeDirectory: Buffer.from('hidden'),
  })),
  framed('a local header before the directory', 'zip-hidden-data', (members) => ({
    members: [...members, { ...evil, only: 'local' }],
  })),
  framed('bytes behind the directory', 'zip-directory-misplaced', (members) => ({
    members,
    afterDirectory: Buffer.from('hidden'),
  })),
  framed('a digital signature behind the directory', 'zip-directory-misplaced', (members) => ({
    members,
    afterDirectory: littleEndian([4, 0x05054b50], [2, 0]),
  })),
  framed('a comment that is shorter than it says', 'zip-no-end-record', (members) => ({
    members,
    comment: Buffer.from('hi'),
    end: { commentLength: 3 },
  })),
  framed('a comment that is longer than it says', 'zip-trailing-data', (members) => ({
    members,
    comment: Buffer.from('hi'),
    end: { commentLength: 1 },
  })),
  framed('an archive as comment', 'zip-directory-misplaced', (members) => ({
    members,
    comment: rawZip({ members: wheelMembers() }),
  })),
  framed('an end record within the comment', 'zip-trailing-data', (members) => ({
    members,
    comment: Buffer.concat([anEnd, Buffer.from('x')]),
  })),
]

const gaps: readonly MalformedCase[] = [0, 1, 2, 3, 4].flatMap((index) => {
  const at = (change: Partial<RawMember>) => (members: readonly RawMember[]) => ({
    members: members.map((member, place) => (place === index ? { ...member, ...change } : member)),
  })
  return [
    framed(
      `bytes before member ${index}`,
      index === 0 ? 'zip-leading-data' : 'zip-hidden-data',
      at({ before: Buffer.from('hidden') }),
    ),
    framed(`bytes behind member ${index}`, 'zip-hidden-data', at({ after: Buffer.from('hidden') })),
    framed(
      `member ${index} not in the directory`,
      index === 0 ? 'zip-leading-data' : 'zip-hidden-data',
      at({ only: 'local' }),
    ),
    framed(
      `a local header too few for member ${index}`,
      index === 4 ? 'zip-local-header-missing' : 'zip-local-name-differs',
      at({ only: 'central' }),
    ),
    framed(
      `an offset beyond the file for member ${index}`,
      index === 0 ? 'zip-leading-data' : 'zip-hidden-data',
      at({ central: { offset: 0x7fffffff } }),
    ),
  ]
})

const overlaps: readonly MalformedCase[] = [
  framed('two members at one offset', 'zip-overlap', (members) => ({
    members: members.map((member, index) => (index === 3 ? { ...member, central: { offset: 0 } } : member)),
  })),
  framed('a member twice in the directory', 'zip-overlap', ([first, ...rest]) => ({
    members: first === undefined ? [] : [first, ...rest, { ...first, only: 'central', central: { offset: 0 } }],
  })),
  framed('a member within another', 'zip-overlap', (members) => {
    const inner = rawZip({ members: [{ ...evil, method: 0 }] }).subarray(0, 30 + evil.name.length + evil.content.length)
    const outer = { name: 'app/outer.bin', content: inner, method: 0 }
    const inside = { ...evil, method: 0, only: 'central' as const, central: { offset: 30 + outer.name.length } }
    return { members: [outer, inside, ...members] }
  }),
  framed('a packed size that reaches into the next member', 'zip-overlap', (members) => ({
    members: members.map((member, index) => {
      const data = deflateRawSync(member.content ?? '')
      return index === 1 ? { ...member, data, both: { packed: data.length + 10 } } : member
    }),
  })),
  framed('a packed size that reaches beyond the file', 'zip-overlap', (members) => ({
    members: members.map((member, index) => (index === 4 ? { ...member, both: { packed: 0x7fffffff } } : member)),
  })),
]

function ends(fault: string, code: string, end: (sound: RawEnd) => Partial<RawEnd>): MalformedCase {
  const bytes = () => {
    const sound = rawZip({ members: wheelMembers() })
    const at = sound.length - 22
    const right = {
      disk: 0,
      directoryDisk: 0,
      here: 5,
      count: 5,
      size: sound.readUInt32LE(at + 12),
      offset: sound.readUInt32LE(at + 16),
      commentLength: 0,
    }
    return rawZip({ members: wheelMembers(), end: end(right) })
  }
  return { fault, code, filename: rawWheelFilename, bytes }
}

const endRecords: readonly MalformedCase[] = [
  ends('one member more', 'zip-entry-count-differs', () => ({ here: 6, count: 6 })),
  ends('one member less', 'zip-entry-count-differs', () => ({ here: 4, count: 4 })),
  ends('a count of 0', 'zip-entry-count-differs', () => ({ here: 0, count: 0 })),
  ends('fewer members on this disk', 'zip-entry-count-differs', () => ({ here: 4 })),
  ends('another disk', 'zip-several-disks', () => ({ disk: 1 })),
  ends('the directory on another disk', 'zip-several-disks', () => ({ directoryDisk: 1 })),
  ends('an offset one too large', 'zip-directory-misplaced', ({ offset }) => ({ offset: offset + 1 })),
  ends('an offset one too small', 'zip-directory-misplaced', ({ offset }) => ({ offset: offset - 1 })),
  ends('an offset of 0', 'zip-directory-misplaced', () => ({ offset: 0 })),
  ends('a size one too large', 'zip-directory-misplaced', ({ size }) => ({ size: size + 1 })),
  ends('a size one too small', 'zip-directory-misplaced', ({ size }) => ({ size: size - 1 })),
  ends('a directory that begins too early and is longer', 'zip-directory-damaged', ({ size, offset }) => ({
    size: size + 1,
    offset: offset - 1,
  })),
  ends('a directory that begins too late and is shorter', 'zip-directory-damaged', ({ size, offset }) => ({
    size: size - 1,
    offset: offset + 1,
  })),
  ends('a directory of 100 MiB', 'zip-directory-too-large', () => ({ size: 100 * 1024 * 1024 })),
  ends('an offset full of ones', 'zip-zip64-no-locator', () => ({ offset: 0xffffffff })),
  ends('a size full of ones', 'zip-zip64-no-locator', () => ({ size: 0xffffffff })),
  ends('counts full of ones', 'zip-zip64-no-locator', () => ({ here: 0xffff, count: 0xffff })),
  framed('a directory record with another signature', 'zip-directory-damaged', (members) => ({
    members: members.map((member, index) => (index === 2 ? { ...member, central: { signature: 0x02014b51 } } : member)),
  })),
  framed('a name that reaches beyond the directory', 'zip-directory-damaged', (members) => ({
    members: members.map((member, index) => (index === 4 ? { ...member, central: { nameLength: 60_000 } } : member)),
  })),
  framed('an extra that reaches beyond the directory', 'zip-directory-damaged', (members) => ({
    members: members.map((member, index) => (index === 4 ? { ...member, central: { extraLength: 60_000 } } : member)),
  })),
]

function zip64(
  fault: string,
  code: string,
  change: Partial<RawZip64>,
  end: Partial<RawEnd> = { here: 0xffff, count: 0xffff },
) {
  return framed(fault, code, (members) => ({ members, zip64: zip64End(change), end }))
}

const zip64Records: readonly MalformedCase[] = [
  zip64('a ZIP64 record without locator', 'zip-zip64-no-locator', { locator: false }),
  zip64('a ZIP64 record without locator that nobody needs', 'zip-directory-misplaced', { locator: false }, {}),
  zip64('a locator to 0', 'zip-zip64-misplaced', { locatorOffset: 0 }),
  zip64('a locator beyond the file', 'zip-zip64-misplaced', { locatorOffset: 2 ** 40 }),
  zip64('a locator on another disk', 'zip-several-disks', { locatorDisk: 1 }),
  zip64('a locator of two disks', 'zip-several-disks', { disks: 2 }),
  zip64('a ZIP64 record of another disk', 'zip-several-disks', { disk: 1 }),
  zip64('a ZIP64 record with the directory on another disk', 'zip-several-disks', { directoryDisk: 1 }),
  zip64('extensible data', 'zip-zip64-extensible-data', { extensible: Buffer.from('hidden') }),
  zip64('a ZIP64 record that says it is longer', 'zip-zip64-extensible-data', { recordSize: 50 }),
  zip64('a ZIP64 record that says it is shorter', 'zip-zip64-extensible-data', { recordSize: 40 }),
  zip64('fewer members on this disk in ZIP64', 'zip-entry-count-differs', { here: 4 }),
  zip64('one member less in ZIP64', 'zip-entry-count-differs', { here: 4, count: 4 }),
  zip64('one member more in ZIP64', 'zip-entry-count-differs', { here: 6, count: 6 }),
  zip64('another offset in ZIP64', 'zip-zip64-end-differs', { offset: 0 }),
  zip64(
    'another offset in ZIP64, full of ones before',
    'zip-directory-misplaced',
    { offset: 0 },
    { offset: 0xffffffff },
  ),
  zip64('another size in ZIP64', 'zip-zip64-end-differs', { size: 0 }),
  zip64('other counts in the end record than in ZIP64', 'zip-zip64-end-differs', {}, { here: 4, count: 4 }),
  zip64('too many members in ZIP64', 'archive-too-many-members', { here: 100_001, count: 100_001 }),
]

const bomb = Buffer.alloc(70 * 1024 * 1024)

const bombs: readonly MalformedCase[] = [
  framed('70 MiB of zeros', 'archive-bomb', (members) => ({
    members: [...members, { name: 'app/zeros', content: bomb }],
  })),
  framed('many smaller members of zeros', 'archive-bomb', (members) => {
    const content = bomb.subarray(0, 5 * 1024 * 1024)
    return {
      members: [...members, ...Array.from({ length: 14 }, (_, index) => ({ name: `app/zeros${index}`, content }))],
    }
  }),
  framed('a member that says it has 2 TiB', 'archive-inflates-too-far', (members) => ({
    members: [
      ...members,
      {
        name: 'app/huge',
        both: { size: 0xffffffff, extra: Buffer.concat([littleEndian([2, 1], [2, 8], [8, 2 ** 41])]) },
      },
    ],
  })),
  {
    fault: 'a ZIP that is a tar as well',
    code: 'zip-is-also-tar',
    filename: rawWheelFilename,
    bytes: () => {
      // The name of the first member holds the checksum of a tar header.
      const name = Buffer.alloc(482, 0x61)
      const archive = (text: Buffer) => rawZip({ members: [{ name: text.toString(), method: 0 }, ...wheelMembers()] })
      const slashed = name.map((_, at) => (at % 100 === 99 ? 0x2f : 0x61))
      const block = archive(Buffer.from(slashed)).subarray(0, 512)
      // The digits are part of the name, so of both headers, but a tar header does not count its own checksum.
      const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
      slashed.set(Buffer.from(`  ${sum.toString(8).padStart(6, '0')}`), 148 - 30)
      return archive(Buffer.from(slashed))
    },
  },
]

export const zipFramingCases: readonly MalformedCase[] = [
  ...around,
  ...gaps,
  ...overlaps,
  ...endRecords,
  ...zip64Records,
  ...bombs,
]
