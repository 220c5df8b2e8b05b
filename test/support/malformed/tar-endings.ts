import { deflateRawSync, gzipSync } from 'node:zlib'
import { type RawTarMember, rawTar, rawTarGz } from '../raw-tar.ts'
import { rawZip } from '../raw-zip.ts'
import { sdistMembers } from '../sdist-members.ts'
import type { MalformedCase } from './malformed-case.ts'

const filename = 'app-1.0.tar.gz'

function packed(fault: string, code: string, bytes: (sound: Buffer) => Buffer): MalformedCase {
  return { fault, code, filename, bytes: () => bytes(rawTar(sdistMembers())) }
}

function zipped(fault: string, code: string, bytes: (sound: Buffer) => Buffer): MalformedCase {
  return { fault, code, filename, bytes: () => bytes(rawTarGz(sdistMembers())) }
}

const file = { name: 'app-1.0/evil.py', content: 'evil' }

const endings: readonly MalformedCase[] = [
  packed('no end marker', 'tar-cut-off', (sound) => gzipSync(sound.subarray(0, -1024))),
  packed('a cut in a header', 'tar-cut-off', (sound) => gzipSync(sound.subarray(0, 1100))),
  packed('a cut in a content', 'tar-cut-off', (sound) => gzipSync(sound.subarray(0, 520))),
  packed('a cut before a padding', 'tar-cut-off', (sound) => gzipSync(sound.subarray(0, 600))),
  packed('nothing in gzip', 'tar-cut-off', () => gzipSync('')),
  packed('a size beyond the end', 'tar-cut-off', () =>
    rawTarGz([...sdistMembers(), { ...file, size: '77777777777\0' }]),
  ),
  packed('bytes behind the end', 'tar-trailing-data', (sound) =>
    gzipSync(Buffer.concat([sound, Buffer.from('hidden')])),
  ),
  packed('a second tar behind the end', 'tar-trailing-data', (sound) => gzipSync(Buffer.concat([sound, sound]))),
  packed('a member behind one block of zeros', 'tar-trailing-data', (sound) =>
    gzipSync(Buffer.concat([sound.subarray(0, -512), rawTar([file])])),
  ),
  packed('a second tar in a second gzip member', 'tar-trailing-data', (sound) =>
    Buffer.concat([gzipSync(sound), gzipSync(sound)]),
  ),
  packed('zeros', 'sdist-empty', () => gzipSync(Buffer.alloc(10_240))),
  zipped('nothing', 'gzip-not-gzip', () => Buffer.alloc(0)),
  zipped('a plain tar', 'gzip-not-gzip', () => rawTar(sdistMembers())),
  zipped('a bzip2 file', 'gzip-not-gzip', () => Buffer.from('BZh91AY&SY')),
  zipped('a first byte that is none of gzip', 'gzip-not-gzip', (sound) =>
    Buffer.concat([Buffer.from([0x1e]), sound.subarray(1)]),
  ),
  ...[1, 4, 7, 8].map((bytes) =>
    zipped(`${bytes} bytes less at the end`, 'gzip-cut-off', (sound) => sound.subarray(0, -bytes)),
  ),
  zipped('half of it', 'gzip-cut-off', (sound) => sound.subarray(0, sound.length / 2)),
  zipped('a wrong gzip checksum', 'gzip-crc-differs', (sound) => flipped(sound, sound.length - 8)),
  zipped('a wrong gzip size', 'gzip-size-differs', (sound) => flipped(sound, sound.length - 1)),
  zipped('damaged deflate', 'gzip-damaged', (sound) =>
    Buffer.concat([sound.subarray(0, 10), Buffer.alloc(40, 0xff), sound.subarray(-8)]),
  ),
  ...[1, 2, 8, 512].map((bytes) =>
    zipped(`${bytes} zeros behind gzip`, 'gzip-trailing-data', (sound) => Buffer.concat([sound, Buffer.alloc(bytes)])),
  ),
  zipped('text behind gzip', 'gzip-trailing-data', (sound) => Buffer.concat([sound, Buffer.from('hidden')])),
  zipped('half a member behind gzip', 'gzip-cut-off', (sound) => Buffer.concat([sound, sound.subarray(0, 30)])),
  zipped('another method than deflate', 'gzip-header-malformed', (sound) => replaced(sound, 2, 7)),
  ...[0x20, 0x40, 0x80].map((flag) =>
    zipped(`the gzip flag ${flag}`, 'gzip-header-malformed', (sound) => replaced(sound, 3, flag)),
  ),
  zipped('a gzip name without end', 'gzip-header-malformed', (sound) =>
    Buffer.concat([replaced(sound, 3, 8).subarray(0, 10), Buffer.alloc(70_000, 0x61)]),
  ),
  zipped('a gzip extra field beyond the file', 'gzip-header-malformed', (sound) =>
    Buffer.concat([replaced(sound, 3, 4).subarray(0, 10), Buffer.from([0xff, 0xff])]),
  ),
  zipped('a ZIP in a gzip field', 'tar-is-also-zip', (sound) => {
    const empty = Buffer.concat([deflateRawSync(''), Buffer.alloc(8)])
    const zip = rawZip({ members: sdistMembers(), comment: empty })
    const field = zip.subarray(0, -empty.length)
    return Buffer.concat([
      sound,
      Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, field.length % 256, field.length >> 8]),
      field,
      empty,
    ])
  }),
]

const bombs: readonly MalformedCase[] = [
  packed('70 MiB of zeros', 'archive-bomb', () =>
    rawTarGz([...sdistMembers(), { name: 'app-1.0/zeros', content: Buffer.alloc(70 * 1024 * 1024) }]),
  ),
  packed('70 MiB of padding', 'archive-bomb', () => rawTarGz(sdistMembers(), Buffer.alloc(70 * 1024 * 1024))),
  packed('too many members', 'archive-too-many-members', () =>
    gzipSync(repeated({ name: 'app-1.0/sub/', type: '5' }, 100_001)),
  ),
  packed('too many gzip members', 'gzip-too-many-members', () =>
    Buffer.alloc(gzipSync('').length * 10_001, gzipSync('')),
  ),
]

function repeated(member: RawTarMember, times: number): Buffer {
  const one = rawTar([member], Buffer.alloc(0))
  return Buffer.alloc(one.length * times, one)
}

function flipped(bytes: Buffer, at: number): Buffer {
  return replaced(bytes, at, (bytes[at] ?? 0) ^ 0xff)
}

function replaced(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}

export const tarEndingCases: readonly MalformedCase[] = [...endings, ...bombs]
