import { createHash } from 'node:crypto'
import { crc32, gzipSync } from 'node:zlib'
import { littleEndian } from './little-endian.ts'
import { gnuLong, pax, type RawTarMember, rawTar, rawTarGz } from './raw-tar.ts'
import { type RawWheel, rawWheelFilename, wheelMembers } from './raw-wheel.ts'
import { type RawMember, type RawZip, rawZip } from './raw-zip.ts'
import { zip64End, zip64Extra } from './raw-zip64.ts'
import { sdistMembers } from './sdist-members.ts'

/** An archive that is unusual and right. */
export interface SoundArchive {
  readonly what: string
  readonly filename: string
  readonly bytes: () => Buffer
}

type Described = { readonly crc: number; readonly packed: number; readonly size: number }

function framed(what: string, zip: (members: readonly RawMember[]) => RawZip): SoundArchive {
  return { what, filename: rawWheelFilename, bytes: () => rawZip(zip(wheelMembers())) }
}

function each(what: string, change: (member: RawMember) => Partial<RawMember>): SoundArchive {
  return framed(what, (members) => ({ members: members.map((member) => ({ ...member, ...change(member) })) }))
}

function wheelOf(what: string, wheel: RawWheel, filename = rawWheelFilename): SoundArchive {
  return { what, filename, bytes: () => rawZip({ members: wheelMembers(wheel) }) }
}

const signature = littleEndian([4, 0x08074b50])
const plain = ({ crc, packed, size }: Described) => littleEndian([4, crc], [4, packed], [4, size])
const wide = ({ crc, packed, size }: Described) => littleEndian([4, crc], [8, packed], [8, size])
const open = { flags: 0x0808, crc: 0, packed: 0, size: 0 }
const unicodePath = ({ name }: RawMember) => {
  const data = Buffer.concat([littleEndian([1, 1], [4, crc32(name)]), Buffer.from(name)])
  return Buffer.concat([littleEndian([2, 0x7075], [2, data.length]), data])
}
const timestamps = littleEndian([2, 0x5455], [2, 5], [1, 1], [4, 1_700_000_000])

const zips: readonly SoundArchive[] = [
  framed('a plain wheel', (members) => ({ members })),
  each('stored members', () => ({ method: 0 })),
  each('data descriptors with signature', () => ({
    central: { flags: 0x0808 },
    local: open,
    descriptor: (right) => Buffer.concat([signature, plain(right)]),
  })),
  each('data descriptors without signature', () => ({ central: { flags: 0x0808 }, local: open, descriptor: plain })),
  each('data descriptors, sizes given as well', () => ({
    both: { flags: 0x0808 },
    descriptor: (right) => Buffer.concat([signature, plain(right)]),
  })),
  each('data descriptors of 64 bits', () => ({
    central: { flags: 0x0808 },
    local: { ...open, packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(0, 0) },
    descriptor: (right) => Buffer.concat([signature, wide(right)]),
  })),
  // As Python's zipfile writes it with force_zip64.
  each('ZIP64 sizes in the local headers', (member) => {
    const content = Buffer.from(member.content ?? '')
    return {
      method: 0,
      local: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(content.length, content.length) },
    }
  }),
  each('ZIP64 sizes in both headers', (member) => {
    const content = Buffer.from(member.content ?? '')
    const extra = zip64Extra(content.length, content.length)
    return { method: 0, both: { packed: 0xffffffff, size: 0xffffffff, extra } }
  }),
  each('ZIP64 extras that repeat the header', (member) => {
    const content = Buffer.from(member.content ?? '')
    return { method: 0, local: { extra: zip64Extra(content.length, content.length) } }
  }),
  each('empty ZIP64 extras', () => ({ both: { extra: zip64Extra() } })),
  each('timestamps in the local headers', () => ({ local: { extra: timestamps } })),
  each('Unicode paths that say the same', (member) => ({ both: { extra: unicodePath(member) } })),
  each('no modes', () => ({ central: { attributes: 0 } })),
  each('executable files', () => ({ central: { attributes: 0o100755 * 0x10000 } })),
  each('hints about the speed of deflate', () => ({ both: { flags: 0x0806 } })),
  each('no flag of UTF-8, names in ASCII', () => ({ both: { flags: 0 } })),
  framed('a comment of the archive', (members) => ({ members, comment: Buffer.from('built by hand') })),
  framed('ZIP64 end records', (members) => ({
    members,
    zip64: zip64End(),
    end: { here: 0xffff, count: 0xffff, size: 0xffffffff, offset: 0xffffffff },
  })),
  framed('ZIP64 end records beside a full one', (members) => ({ members, zip64: zip64End() })),
  framed('folders', (members) => ({
    members: [{ name: 'app/', method: 0 }, ...members, { name: 'empty/', central: { attributes: 0o040755 * 0x10000 } }],
  })),
]

const sha = (algorithm: string, name: string) => (line: string, content: string) =>
  line.replace(/sha256=[\w-]+/, `${name}=${createHash(algorithm).update(content).digest('base64url')}`)

const initFile = '"""An app."""\n'

const wheels: readonly SoundArchive[] = [
  wheelOf('names with commas, quotes, blanks and umlauts', {
    files: { 'app/a, "b".txt': 'x', 'app/grüße.txt': 'y', 'app/a b.txt': '' },
  }),
  wheelOf('10 MiB of zeros', { files: { 'app/zeros': Buffer.alloc(10 * 1024 * 1024) } }),
  ...(
    [
      ['sha384', 'sha384'],
      ['sha512', 'sha512'],
      ['sha3-256', 'sha3_256'],
    ] as const
  ).map(([algorithm, name]) =>
    wheelOf(`hashes by ${name}`, {
      record: ([first = '', ...rest]) => [sha(algorithm, name)(first, initFile), ...rest],
    }),
  ),
  wheelOf('padded hashes', { record: (lines) => lines.map((line) => line.replace(/(sha256=[\w-]+)/, '$1=')) }),
  wheelOf('RECORD without sizes', { record: (lines) => lines.map((line) => line.replace(/\d+$/, '')) }),
  wheelOf('RECORD with CRLF', { record: (lines) => lines.map((line) => `${line}\r`) }),
  wheelOf('RECORD with quotes everywhere', {
    record: (lines) =>
      lines.map((line) =>
        line
          .split(',')
          .map((field) => `"${field}"`)
          .join(),
      ),
  }),
  wheelOf('RECORD without itself', { record: (lines) => lines.slice(0, -1) }),
  {
    what: 'signatures that RECORD has not',
    filename: rawWheelFilename,
    bytes: () =>
      rawZip({
        members: [
          ...wheelMembers(),
          { name: 'app-1.0.dist-info/RECORD.jws', content: '{}' },
          { name: 'app-1.0.dist-info/RECORD.p7s', content: 'x' },
        ],
      }),
  },
  wheelOf('Wheel-Version 1.9', { info: { WHEEL: 'Wheel-Version: 1.9\nRoot-Is-Purelib: True\nTag: py3-none-any\n' } }),
  wheelOf('WHEEL with CRLF and unknown fields', {
    info: { WHEEL: 'Wheel-Version: 1.0\r\nRoot-Is-Purelib: false\r\nX-Other: 1\r\nTag: py3-none-any\r\n' },
  }),
  wheelOf(
    'several tags',
    { info: { WHEEL: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n' } },
    'app-1.0-py2.py3-none-any.whl',
  ),
  wheelOf(
    'several tags on one line',
    { info: { WHEEL: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n' } },
    'app-1.0-py2.py3-none-any.whl',
  ),
  wheelOf('a build number that WHEEL leaves out', {}, 'app-1.0-7-py3-none-any.whl'),
  wheelOf('all folders of .data', {
    files: {
      'app-1.0.data/scripts/run': '#!python\n',
      'app-1.0.data/purelib/a.py': '',
      'app-1.0.data/data/share/man/a.1': 'x',
      'app-1.0.data/headers/app/a.h': '',
      'app-1.0.data/platlib/b.py': '',
    },
  }),
  wheelOf('.dist-info in another spelling', { folder: 'App-1.0.0.dist-info' }),
  wheelOf('other files in .dist-info', {
    info: { top_level: 'app\n', 'sboms/a.json': '{}', 'licenses/LICENSE': 'MIT', 'zip-safe': '\n' },
  }),
  wheelOf('License-File of Metadata 2.1', {
    info: { METADATA: 'Metadata-Version: 2.1\nName: app\nVersion: 1.0\nHome-page: UNKNOWN\nLicense-File: LICENSE\n' },
  }),
  wheelOf('License-File of Metadata 2.4', {
    info: {
      METADATA: 'Metadata-Version: 2.4\nName: app\nVersion: 1.0\nLicense-File: LICENSES/MIT.txt\n',
      'licenses/LICENSES/MIT.txt': 'MIT',
    },
  }),
  ...['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '2.3', '2.4', '2.5'].map((version) =>
    wheelOf(`Metadata ${version}`, { info: { METADATA: `Metadata-Version: ${version}\nName: app\nVersion: 1.0\n` } }),
  ),
  ...[
    '[console_scripts]\napp = app:main\n',
    '[console_scripts]\napp=app.cli:main [x, y]\nApp=app:a.b\n\n# a comment\n[other.group]\nwith space = anything\n',
    '',
    '# nothing\n',
    '  [console_scripts]\n    app = app:main\n    b = app:main\n  [c]\n    d = e\n',
    '[console_scripts]\r\na.b-c_1 = app:main\r\n',
    '[pytest11]\napp = app\n',
  ].map((content) => wheelOf(`the entry points ${JSON.stringify(content)}`, { info: { 'entry_points.txt': content } })),
]

function tarOf(what: string, members: readonly RawTarMember[], end?: Buffer): SoundArchive {
  return { what, filename: 'app-1.0.tar.gz', bytes: () => rawTarGz(members, end) }
}

const sound = sdistMembers()
const long = `app-1.0/${'folder/'.repeat(30)}file.py`
const withDot = sound.map((member) => ({ ...member, name: `./${member.name}` }))

const sdists: readonly SoundArchive[] = [
  tarOf('a plain sdist', sound),
  tarOf(
    'GNU headers',
    sound.map((member) => ({ ...member, magic: 'ustar  \0' })),
  ),
  tarOf(
    'headers of the seventh edition',
    sound.map((member) => ({ ...member, magic: '\0\0\0\0\0\0\0\0', type: '\0' })),
  ),
  tarOf('folders, with and without a slash', [
    { name: 'app-1.0/', type: '5' },
    { name: 'app-1.0/app', type: '5' },
    ...sound,
    { name: 'app-1.0/old/', type: '\0' },
  ]),
  tarOf('a folder twice', [{ name: 'app-1.0/', type: '5' }, ...sound, { name: 'app-1.0/', type: '5' }]),
  tarOf('names that begin with "./"', [{ name: './', type: '5' }, { name: './app-1.0/', type: '5' }, ...withDot]),
  tarOf('a long name of PAX', [...sound, pax([`path=${long}`, 'mtime=1.5']), { name: 'cut', content: 'x' }]),
  tarOf('a long name of GNU', [
    ...sound,
    gnuLong('L', long),
    { name: long.slice(0, 100), content: 'x', magic: 'ustar  \0' },
  ]),
  tarOf('a prefix', [...sound, { name: 'file.py', prefix: 'app-1.0/deep', content: 'x' }]),
  tarOf('a PAX size that says the same', [...sound, pax(['size=1']), { name: 'app-1.0/x', content: 'x' }]),
  tarOf('the comment of git archive', [pax(['comment=0123456789'], 'g'), ...sound]),
  tarOf('extended attributes in bytes', [
    ...sound,
    pax(Buffer.from('26 SCHILY.xattr.user.a=\xff\xfe\n', 'latin1')),
    { name: 'app-1.0/x', content: 'x' },
  ]),
  tarOf('umlauts', [...sound, { name: 'app-1.0/grüße.txt', content: 'x' }]),
  tarOf('a symbolic link', [...sound, { name: 'app-1.0/app/setup.py', type: '2', link: '../setup.py' }]),
  tarOf('a symbolic link to what is not there', [...sound, { name: 'app-1.0/l', type: '2', link: 'gone' }]),
  tarOf('a hard link', [...sound, { name: 'app-1.0/copy.py', type: '1', link: 'app-1.0/setup.py' }]),
  tarOf('one block of zeros at the end', sound, Buffer.alloc(512)),
  tarOf('10 KiB of zeros at the end', sound, Buffer.alloc(10_240)),
  tarOf('10 MiB of zeros', [...sound, { name: 'app-1.0/zeros', content: Buffer.alloc(10 * 1024 * 1024) }]),
  tarOf('a root of another spelling', sdistMembers('App-1.0.0')),
  {
    what: 'several gzip members',
    filename: 'app-1.0.tar.gz',
    bytes: () => {
      const tar = rawTar(sound)
      return Buffer.concat(
        [tar.subarray(0, 100), tar.subarray(100, 2000), Buffer.alloc(0), tar.subarray(2000)].map((part) =>
          gzipSync(part),
        ),
      )
    },
  },
  {
    what: 'a gzip name, comment, extra field and header checksum',
    filename: 'app-1.0.tar.gz',
    bytes: () => {
      const gzip = rawTarGz(sound)
      const header = Buffer.concat([
        Buffer.from([0x1f, 0x8b, 8, 0x1e]),
        gzip.subarray(4, 10),
        Buffer.from('\x02\0xxname\0comment\0', 'latin1'),
      ])
      return Buffer.concat([header, littleEndian([2, crc32(header) & 0xffff]), gzip.subarray(10)])
    },
  },
  { what: 'a ZIP of sources', filename: 'app-1.0.zip', bytes: () => rawZip({ members: sound }) },
  {
    what: 'a ZIP of sources with folders',
    filename: 'app-1.0.zip',
    bytes: () => rawZip({ members: [{ name: 'app-1.0/' }, ...sound] }),
  },
]

export const soundArchives: readonly SoundArchive[] = [...zips, ...wheels, ...sdists]
