import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { gnuLong, pax, type RawTarMember, rawTar, rawTarGz } from './raw-tar.ts'
import { rawWheelFilename, wheelMembers } from './raw-wheel.ts'
import { type RawHeader, type RawMember, rawZip } from './raw-zip.ts'
import { zip64Extra } from './raw-zip64.ts'
import { sdistMembers } from './sdist-members.ts'

export interface MutatedArchive {
  readonly filename: string
  readonly bytes: Buffer
}

/** Sound archives with a few faults of any kind: in their bytes, and in the fields of their headers. */
export function mutatedArchives(): fc.Arbitrary<MutatedArchive> {
  return fc.oneof(mutatedBytes(), mutatedZips(), mutatedTars())
}

interface Edit {
  /** From 0 to 1: where in the archive, and from where. */
  readonly at: number
  readonly from: number
  readonly length: number
  readonly bytes: Uint8Array
  readonly kind: 'overwrite' | 'insert' | 'delete' | 'copy' | 'flip'
}

function edits(): fc.Arbitrary<readonly Edit[]> {
  const position = fc.double({ min: 0, max: 1, noNaN: true })
  const edit = fc.record({
    at: position,
    from: position,
    length: fc.nat(64),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(Buffer.from('PK\x05\x06'), Buffer.alloc(4), Buffer.alloc(4, 0xff)),
    ),
    kind: fc.constantFrom('overwrite' as const, 'insert' as const, 'delete' as const, 'copy' as const, 'flip' as const),
  })
  return fc.array(edit, { minLength: 1, maxLength: 3 })
}

function edited(bytes: Buffer, list: readonly Edit[]): Buffer {
  return list.reduce((now, { at, from, length, bytes: more, kind }) => {
    const place = Math.floor(at * now.length)
    const source = Math.floor(from * now.length)
    const [before, after] = [now.subarray(0, place), now.subarray(place)]
    if (kind === 'insert') return Buffer.concat([before, more, after])
    if (kind === 'delete') return Buffer.concat([before, after.subarray(length)])
    if (kind === 'copy') return Buffer.concat([before, now.subarray(source, source + length), after.subarray(length)])
    if (kind === 'overwrite') return Buffer.concat([before, more, after.subarray(more.length)])
    return Buffer.concat([before, after.subarray(0, 1).map((byte) => byte ^ (more[0] ?? 1)), after.subarray(1)])
  }, bytes)
}

/** The bytes inside a gzip file are edited, and at times those of the file itself. */
function mutatedBytes(): fc.Arbitrary<MutatedArchive> {
  const wheel = rawZip({ members: wheelMembers() })
  const stored = rawZip({ members: wheelMembers().map((member) => ({ ...member, method: 0 })) })
  const tar = rawTar(sdistMembers())
  return fc.tuple(fc.nat(4), edits()).map(([kind, list]) => {
    if (kind === 0) return { filename: rawWheelFilename, bytes: edited(wheel, list) }
    if (kind === 1) return { filename: rawWheelFilename, bytes: edited(stored, list) }
    if (kind === 2) return { filename: 'app-1.0.zip', bytes: edited(rawZip({ members: sdistMembers() }), list) }
    if (kind === 3) return { filename: 'app-1.0.tar.gz', bytes: gzipSync(edited(tar, list)) }
    return { filename: 'app-1.0.tar.gz', bytes: edited(gzipSync(tar), list) }
  })
}

const names = [
  'app-1.0/x',
  'app-1.0/setup.py',
  'app-1.0/x/',
  './app-1.0/y',
  'app-1.0/sub/z',
  'app-1.0/sub',
  'evil',
  '../evil',
  '',
  'app-1.0/ä',
]

function mutatedZips(): fc.Arbitrary<MutatedArchive> {
  const number = fc.constantFrom(0, 1, 5, 0xffff, 0xfffffffe)
  const header = fc.record<Partial<RawHeader>>(
    {
      flags: fc.constantFrom(0, 0x0800, 0x0808, 0x0801, 0x0806),
      method: fc.constantFrom(0, 8, 12),
      crc: number,
      packed: fc.oneof(number, fc.constant(0xffffffff)),
      size: fc.oneof(number, fc.constant(0xffffffff)),
      name: fc.constantFrom(...names),
      extra: fc.constantFrom(
        zip64Extra(),
        zip64Extra(0),
        zip64Extra(5, 5),
        zip64Extra(0, 0, 0),
        Buffer.from('UT\x05\0\x01aaaa'),
        Buffer.alloc(3),
      ),
      attributes: fc.constantFrom(0, 0o120777 * 0x10000, 0o100755 * 0x10000, 0x10),
    },
    { requiredKeys: [] },
  )
  const empty = fc.constant({})
  const member = fc.record<RawMember>({
    name: fc.constantFrom(...names),
    content: fc.constantFrom('', 'x', 'hello'),
    method: fc.constantFrom(0, 8),
    both: fc.oneof(empty, empty, header),
    local: fc.oneof(empty, empty, empty, header),
    central: fc.oneof(empty, empty, empty, header),
  })
  return fc.array(member, { minLength: 1, maxLength: 3 }).map((members) => ({
    filename: 'app-1.0.zip',
    bytes: rawZip({ members: [...sdistMembers(), ...members] }),
  }))
}

function mutatedTars(): fc.Arbitrary<MutatedArchive> {
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
  const member = fc
    .record({
      name: fc.constantFrom(...names),
      content: fc.constantFrom('', 'x', 'y'.repeat(600)),
      type: fc.constantFrom('0', '0', '0', '\0', '5', '2', '1', '7', 'S', 'g'),
      link: fc.constantFrom('', 'x', '../setup.py', 'app-1.0/setup.py', '..', '/etc'),
      size: optional(fc.constantFrom('00000000000\0', '00000000001\0', '00000002000 ', '          1\0')),
      magic: optional(fc.constantFrom('ustar  \0', '\0\0\0\0\0\0\0\0')),
      prefix: optional(fc.constantFrom('app-1.0', '')),
    })
    .map(
      (fields) =>
        Object.fromEntries(
          Object.entries(fields).filter(([, value]) => value !== undefined),
        ) as unknown as RawTarMember,
    )
  const before = fc.constantFrom<readonly RawTarMember[]>(
    [],
    [],
    [pax(['path=app-1.0/pax'])],
    [pax(['size=1'])],
    [pax(['comment=x', 'mtime=1.5'])],
    [pax(['linkpath=app-1.0/setup.py'])],
    [gnuLong('L', 'app-1.0/gnu')],
    [gnuLong('K', 'x')],
  )
  return fc.array(fc.tuple(before, member), { minLength: 1, maxLength: 3 }).map((pairs) => ({
    filename: 'app-1.0.tar.gz',
    bytes: rawTarGz([...sdistMembers(), ...pairs.flatMap(([headers, one]) => [...headers, one])]),
  }))
}
