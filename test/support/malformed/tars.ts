import { gzipSync } from 'node:zlib'
import { gnuLong, pax, paxRecord, type RawTarMember, rawTar, rawTarGz } from '../raw-tar.ts'
import { rawZip } from '../raw-zip.ts'
import { sdistMembers } from '../sdist-members.ts'
import type { MalformedCase } from './malformed-case.ts'

const filename = 'app-1.0.tar.gz'

function added(fault: string, code: string, ...members: readonly RawTarMember[]): MalformedCase {
  return { fault, code, filename, bytes: () => rawTarGz([...sdistMembers(), ...members]) }
}

function packed(fault: string, code: string, bytes: (sound: Buffer) => Buffer): MalformedCase {
  return { fault, code, filename, bytes: () => bytes(rawTar(sdistMembers())) }
}

const file = { name: 'app-1.0/evil.py', content: 'evil' }

const headers: readonly MalformedCase[] = [
  added('a wrong checksum', 'tar-header-damaged', { ...file, checksum: 1 }),
  packed('text in place of a header', 'tar-header-damaged', (sound) =>
    gzipSync(Buffer.concat([Buffer.alloc(512, 0x41), sound])),
  ),
  packed('no tar at all', 'tar-header-damaged', () => gzipSync(Buffer.alloc(2048, 0x41))),
  packed('a ZIP in gzip', 'tar-cut-off', () => gzipSync(rawZip({ members: sdistMembers() }))),
  packed('a tar in gzip in gzip', 'tar-header-damaged', (sound) =>
    gzipSync(gzipSync(Buffer.concat([sound, Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 251))]))),
  ),
  ...['0000000000x\0', '00000000009\0', '-0000000001\0', '0x0000000ff\0', '1 000000000\0', 'deadbeef\0'].map((size) =>
    added(`the size ${JSON.stringify(size)}`, 'tar-number-malformed', { ...file, size }),
  ),
  added('a size in binary', 'tar-number-malformed', {
    ...file,
    size: Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]),
  }),
  added('a negative size in binary', 'tar-number-malformed', { ...file, size: Buffer.alloc(12, 0xff) }),
  ...['ustar  \0', '\0\0\0\0\0\0\0\0', 'USTAR\x0000'].map((magic) =>
    added(`a prefix with the magic ${JSON.stringify(magic)}`, 'tar-prefix-without-ustar', {
      ...file,
      magic,
      prefix: 'app-1.0/hidden',
    }),
  ),
  added('a name that is not UTF-8', 'tar-name-not-utf8', { ...file, name: Buffer.from('app-1.0/\xe4.py', 'latin1') }),
  added('a link name that is not UTF-8', 'tar-name-not-utf8', {
    name: 'app-1.0/l',
    type: '2',
    link: Buffer.from([0xe4]),
  }),
  added(
    'a long name that is not UTF-8',
    'tar-name-not-utf8',
    { name: '././@LongLink', type: 'L', content: Buffer.from([0xe4, 0]) },
    file,
  ),
  added('no name', 'member-name-empty', { ...file, name: '' }),
  added('a folder without a name', 'member-name-empty', { name: '', type: '5' }),
  added('"./" as name of a file', 'member-name-empty', { ...file, name: '.' }),
  added('a file named as a folder', 'tar-file-named-as-folder', { ...file, name: 'app-1.0/evil/' }),
  added('an empty file named as a folder', 'tar-file-named-as-folder', { name: 'app-1.0/evil/', type: '0' }),
  added('a link named as a folder', 'tar-file-named-as-folder', { name: 'app-1.0/evil/', type: '2', link: 'app' }),
  added('an old folder with content', 'tar-size-without-content', {
    name: 'app-1.0/evil/',
    type: '\0',
    content: 'evil',
  }),
  added('a folder with content', 'tar-size-without-content', { name: 'app-1.0/evil', type: '5', content: 'evil' }),
  added('a folder with a size', 'tar-size-without-content', {
    name: 'app-1.0/evil/',
    type: '5',
    size: '00000001000\0',
  }),
  added('a symbolic link with content', 'tar-size-without-content', {
    name: 'app-1.0/l',
    type: '2',
    link: 'app',
    content: 'evil',
  }),
  added('a hard link with content', 'tar-size-without-content', {
    name: 'app-1.0/l',
    type: '1',
    link: 'app-1.0/setup.py',
    content: 'evil',
  }),
]

const types: readonly MalformedCase[] = [
  ...['3', '4', '6'].map((type) => added(`a member of type ${type}`, 'tar-device', { name: 'app-1.0/dev', type })),
  ...['8', '9', 'A', 'D', 'M', 'N', 'V', 'X', 'Z', 'I'].map((type) =>
    added(`a member of type ${type}`, 'tar-member-type', { ...file, type }),
  ),
  added('a sparse member of GNU', 'tar-sparse', { ...file, type: 'S', magic: 'ustar  \0' }),
  ...['GNU.sparse.major=1', 'GNU.sparse.map=0,4', 'GNU.sparse.name=x', 'GNU.sparse.size=4', 'SCHILY.realsize=4'].map(
    (record) => added(`a sparse member by PAX ${record}`, 'tar-sparse', pax([record]), file),
  ),
  added('a global sparse header', 'tar-sparse', pax(['GNU.sparse.major=1'], 'g'), file),
]

const extensions: readonly MalformedCase[] = [
  ...[0, 1, 3, 5, 512, 2048].map((size) =>
    added(`the PAX size ${size}`, 'tar-pax-size-differs', pax([`size=${size}`]), file),
  ),
  added('a PAX size where ustar has 0', 'tar-pax-size-differs', pax(['size=1024']), { name: 'app-1.0/evil.py' }),
  added('a PAX size where ustar has more', 'tar-pax-size-differs', pax(['size=0']), {
    ...file,
    content: rawTar([file], Buffer.alloc(0)),
  }),
  added('a PAX size for a folder', 'tar-pax-size-differs', pax(['size=512']), { name: 'app-1.0/evil/', type: '5' }),
  ...['-1', '0x4', '4 ', '', '4.0', '9'.repeat(16)].map((size) =>
    added(`the PAX size "${size}"`, 'tar-pax-malformed', pax([`size=${size}`]), file),
  ),
  added('an empty PAX path', 'tar-pax-malformed', pax(['path=']), file),
  added('a PAX path that is not UTF-8', 'tar-pax-malformed', pax(Buffer.from('10 path=\xe4\n', 'latin1')), file),
  ...[
    'path=x\n',
    '8 path=x\n',
    '11 path=x\n',
    '09 path=x\n',
    '9path=x\n',
    '9 pathx\n',
    '9 path=xy',
    '-9 path=x\n',
    '0 \n',
    '4 =\n',
    '6 path',
    ' 9 path=x\n',
  ].map((text) => added(`the PAX records ${JSON.stringify(text)}`, 'tar-pax-malformed', pax(Buffer.from(text)), file)),
  added(
    'a record behind a malformed one',
    'tar-pax-malformed',
    pax(Buffer.concat([paxRecord('path=app-1.0/a'), Buffer.from('\0'), paxRecord('size=4')])),
    file,
  ),
  ...['path', 'linkpath', 'size'].map((key) =>
    added(`two of PAX ${key}`, 'tar-pax-duplicate', pax([`${key}=4`, `${key}=4`]), file),
  ),
  added('another character set', 'tar-pax-charset', pax(['hdrcharset=BINARY']), file),
  ...['path=app-1.0/evil.py', 'linkpath=/etc/passwd', 'size=0'].map((record) =>
    added(`the global PAX header ${record}`, 'tar-pax-global', pax([record], 'g'), file),
  ),
  added('two PAX headers', 'tar-extension-repeated', pax(['path=app-1.0/a']), pax(['path=app-1.0/b']), file),
  added('two PAX headers of different keys', 'tar-extension-repeated', pax(['path=app-1.0/a']), pax(['size=4']), file),
  added('two long names', 'tar-extension-repeated', gnuLong('L', 'app-1.0/a'), gnuLong('L', 'app-1.0/b'), file),
  added('two long links', 'tar-extension-repeated', gnuLong('K', 'app'), gnuLong('K', 'app'), {
    name: 'app-1.0/l',
    type: '2',
  }),
  added(
    'a long name and a PAX path',
    'tar-extension-repeated',
    gnuLong('L', 'app-1.0/a'),
    pax(['path=app-1.0/b']),
    file,
  ),
  added(
    'a PAX path and a long name',
    'tar-extension-repeated',
    pax(['path=app-1.0/b']),
    gnuLong('L', 'app-1.0/a'),
    file,
  ),
  added('a PAX header at the end', 'tar-extension-dangling', pax(['path=app-1.0/a'])),
  added('a global header at the end', 'tar-extension-dangling', pax(['comment=x'], 'g')),
  added('a long name at the end', 'tar-extension-dangling', gnuLong('L', 'app-1.0/a')),
  added('2 MiB of PAX header', 'tar-extension-too-large', pax([`comment=${'x'.repeat(2 * 1024 * 1024)}`]), file),
  added('2 MiB of long name', 'tar-extension-too-large', gnuLong('L', 'x'.repeat(2 * 1024 * 1024)), file),
  added('a PAX path that leaves', 'member-name-parent', pax(['path=app-1.0/../../evil.py']), file),
  added('a long name that leaves', 'member-name-parent', gnuLong('L', 'app-1.0/../../evil.py'), file),
  added('a prefix that leaves', 'member-name-parent', { ...file, name: 'evil.py', prefix: '..' }),
]

const symbolic = (link: string, name = 'app-1.0/app/l') => ({ name, type: '2', link })
const hard = (link: string) => ({ name: 'app-1.0/app/l', type: '1', link })

const links: readonly MalformedCase[] = [
  ...[
    '/etc/passwd',
    '../../..',
    '../../evil',
    '..',
    '',
    'C:/x',
    '\\evil',
    '../../app-1.0',
    'a/../../..',
    'x/..',
    'x\ny',
  ].map((target) =>
    added(
      `a symbolic link to ${JSON.stringify(target)}`,
      'tar-link-leaves',
      symbolic(target, target === '..' ? 'app-1.0/l' : undefined),
    ),
  ),
  added('a symbolic link beside the top folder', 'tar-link-leaves', symbolic('app-1.0', 'l')),
  added('a symbolic link of PAX that leaves', 'tar-link-leaves', pax(['linkpath=/etc/passwd']), symbolic('x')),
  added('a long symbolic link that leaves', 'tar-link-leaves', gnuLong('K', '../../../../etc/passwd'), symbolic('x')),
  added(
    'links that climb together',
    'tar-link-leaves',
    symbolic('.', 'app-1.0/a'),
    symbolic('a/..', 'app-1.0/b'),
    symbolic('b/../evil', 'app-1.0/c'),
  ),
  ...['/etc/passwd', '../evil', 'app-1.0/../../evil', 'C:/x', '\\evil'].map((target) =>
    added(`a hard link to ${target}`, 'tar-link-leaves', hard(target)),
  ),
  ...['app-1.0/gone', 'setup.py', 'app-1.0/app', 'app-1.0/app/l', '', 'etc/passwd'].map((target) =>
    added(`a hard link to "${target}"`, 'tar-link-without-target', hard(target)),
  ),
  added(
    'a hard link to a symbolic one',
    'tar-link-without-target',
    symbolic('../setup.py', 'app-1.0/app/s'),
    hard('app-1.0/app/s'),
  ),
  added('a hard link to what comes later', 'tar-link-without-target', hard('app-1.0/later'), { name: 'app-1.0/later' }),
  added('a file below a symbolic link', 'tar-member-below-link', symbolic('.'), { name: 'app-1.0/app/l/evil.py' }),
  added('a folder below a symbolic link', 'tar-member-below-link', symbolic('.'), {
    name: 'app-1.0/app/l/sub/',
    type: '5',
  }),
  added('a file in place of a symbolic link', 'tar-member-below-link', symbolic('.'), { name: 'app-1.0/app/l' }),
  added('a folder in place of a symbolic link', 'tar-member-below-link', symbolic('.'), {
    name: 'app-1.0/app/l/',
    type: '5',
  }),
  added('a symbolic link in place of a folder', 'member-below-file', symbolic('.', 'app-1.0/app')),
]

const clashes: readonly MalformedCase[] = [
  added('a file twice', 'member-duplicate', { name: 'app-1.0/setup.py', content: 'evil' }),
  added('PKG-INFO twice', 'member-duplicate', { name: 'app-1.0/PKG-INFO', content: 'evil' }),
  added('a file twice, once with "./"', 'member-duplicate', { name: './app-1.0/setup.py', content: 'evil' }),
  added('a file below a file', 'member-below-file', { name: 'app-1.0/setup.py/evil' }),
  added('a folder in place of a file', 'member-duplicate', { name: 'app-1.0/setup.py/', type: '5' }),
]

export const tarCases: readonly MalformedCase[] = [...headers, ...types, ...extensions, ...links, ...clashes]
