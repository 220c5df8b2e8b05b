import { createHash } from 'node:crypto'
import { wheelMembers } from '../raw-wheel.ts'
import { framed, type MalformedCase, wheelOf } from './malformed-case.ts'

type Lines = readonly string[]

/** Changes the line of `app/__init__.py`, which is the first. */
function line(fault: string, code: string, change: (line: string) => string): MalformedCase {
  return wheelOf(fault, code, { record: ([first = '', ...rest]: Lines) => [change(first), ...rest] })
}

const sha256 = 'sha256=[\\w-]+'
const hashed = (fault: string, code: string, hash: string) =>
  line(fault, code, (text) => text.replace(new RegExp(sha256), hash))
const other = createHash('sha256').update('other').digest()

const hashes: readonly MalformedCase[] = [
  hashed('no hash', 'record-hash-missing', ''),
  ...['md5', 'sha1', 'sha224', 'crc32', 'SHA256', 'blake2b', '', 'sha512_224', 'sha3_224'].map((algorithm) =>
    hashed(`a hash by "${algorithm}"`, 'record-hash-weak', `${algorithm}=${other.toString('base64url')}`),
  ),
  hashed('a hash without algorithm', 'record-hash-weak', other.toString('base64url')),
  hashed('a hash in hex', 'record-hash-malformed', `sha256=${other.toString('hex')}`),
  hashed('a hash in the other base64', 'record-hash-malformed', `sha256=+/${other.toString('base64url').slice(2)}`),
  hashed('a hash that is cut off', 'record-hash-malformed', `sha256=${other.toString('base64url').slice(0, -2)}`),
  hashed('an empty hash', 'record-hash-malformed', 'sha256='),
  hashed('text behind the padding', 'record-hash-malformed', `sha256=${other.toString('base64url')}=x`),
  hashed('a SHA-256 as SHA-512', 'record-hash-malformed', `sha512=${other.toString('base64url')}`),
  ...['sha256', 'sha384', 'sha512', 'sha3_256', 'sha3_384', 'sha3_512', 'sha512_256'].map((algorithm) => {
    const name = algorithm.replace('sha3_', 'sha3-').replace('sha512_', 'sha512-')
    return hashed(
      `another hash by ${algorithm}`,
      'record-hash-differs',
      `${algorithm}=${createHash(name).update('other').digest('base64url')}`,
    )
  }),
  ...[0, 1, 2, 3].map((index) =>
    wheelOf(`the hash of file ${index} of another content`, 'record-hash-differs', {
      record: (lines) =>
        lines.map((text, at) =>
          at === index ? text.replace(new RegExp(sha256), `sha256=${other.toString('base64url')}`) : text,
        ),
    }),
  ),
  framed('a file that was changed after RECORD', 'record-hash-differs', (members) => ({
    members: members.map((member, index) => (index === 0 ? { ...member, content: '"""An axe."""\n' } : member)),
  })),
  framed('a shorter file than RECORD says', 'record-size-differs', (members) => ({
    members: members.map((member, index) => (index === 1 ? { ...member, content: 'longer' } : member)),
  })),
]

const sizes: readonly MalformedCase[] = [
  ...[0, 1, 13, 15, 1e14].map((size) =>
    line(`the size ${size}`, 'record-size-differs', (text) => text.replace(/\d+$/, String(size))),
  ),
  ...['-1', '1.5', '0x10', 'x', '9'.repeat(16)].map((size) =>
    line(`the size ${size}`, 'record-malformed', (text) => text.replace(/\d+$/, size)),
  ),
]

const completeness: readonly MalformedCase[] = [
  ...[0, 1, 2, 3].map((index) =>
    wheelOf(`file ${index} not in it`, 'record-incomplete', {
      record: (lines) => lines.filter((_, at) => at !== index),
    }),
  ),
  wheelOf('no line but its own', 'record-incomplete', { record: (lines) => lines.slice(-1) }),
  wheelOf('nothing', 'record-incomplete', { info: { RECORD: '' } }),
  framed('a file that came after RECORD', 'record-incomplete', (members) => ({
    members: [...members, { name: 'app/evil.py', content: 'x' }],
  })),
  framed('a .pth file that came after RECORD', 'record-incomplete', (members) => ({
    members: [{ name: 'evil.pth', content: 'x' }, ...members],
  })),
  framed('RECORD.txt that came after RECORD', 'record-incomplete', (members) => ({
    members: [...members, { name: 'app-1.0.dist-info/RECORD.txt', content: 'x' }],
  })),
  wheelOf('a file that is not there', 'record-file-missing', {
    record: (lines) => [`app/gone.py,sha256=${other.toString('base64url')},5`, ...lines],
  }),
  wheelOf('a folder that is not there', 'record-file-missing', { record: (lines) => ['gone/,,', ...lines] }),
  line('other case in a path', 'record-file-missing', (text) =>
    text.toUpperCase().replace(/SHA256=.*/, `sha256=${other.toString('base64url')},5`),
  ),
  line('"./" before a path', 'record-file-missing', (text) => `./${text}`),
  ...['/etc/passwd', '../evil.py', 'app/../../evil.py', 'app\\__init__.py', 'C:/evil.py', '..'].map((path) =>
    wheelOf(`the path ${path}`, 'record-path-unsafe', { record: (lines) => [...lines, `${path},,`] }),
  ),
  wheelOf('a line twice', 'record-duplicate', { record: (lines) => [...lines, ...lines.slice(0, 1)] }),
  wheelOf('a path with two hashes', 'record-duplicate', {
    record: (lines) => [...lines, `app/data.txt,sha256=${other.toString('base64url')},`],
  }),
  wheelOf('its own line twice', 'record-duplicate', { record: (lines) => [...lines, ...lines.slice(-1)] }),
  wheelOf('a hash for itself', 'record-hashes-itself', {
    record: (lines) => [...lines.slice(0, -1), `app-1.0.dist-info/RECORD,sha256=${other.toString('base64url')},5`],
  }),
  framed('a hash for its signature', 'record-hashes-itself', () => ({
    members: wheelMembers({ info: { 'RECORD.jws': '{}' } }),
  })),
]

const text: readonly MalformedCase[] = [
  wheelOf('bytes that are not UTF-8', 'record-malformed', { info: { RECORD: Buffer.from([0xff, 0xfe, 0x2c, 0x2c]) } }),
  line('a quote that is not closed', 'record-malformed', (row) => `"${row}`),
  line('text behind a quote', 'record-malformed', (row) => row.replace('app/__init__.py', '"app/__init__.py"x')),
  line('two columns', 'record-malformed', (row) => row.slice(0, row.lastIndexOf(','))),
  line('four columns', 'record-malformed', (row) => `${row},`),
  line('one column', 'record-malformed', (row) => row.slice(0, row.indexOf(','))),
  line('no path', 'record-malformed', (row) => row.slice(row.indexOf(','))),
  line('semicolons', 'record-malformed', (row) => row.replaceAll(',', ';')),
  wheelOf('15 MiB of quotes', 'record-malformed', { info: { RECORD: `${'"'.repeat(15 * 1024 * 1024 + 1)},,` } }),
  wheelOf('15 MiB within a quote', 'record-malformed', { info: { RECORD: `"${'x'.repeat(15 * 1024 * 1024)}` } }),
  wheelOf('an empty line', 'record-malformed', { record: (lines) => ['', ...lines] }),
  wheelOf('an empty line at the end', 'record-malformed', { record: (lines) => [...lines, ''] }),
  wheelOf('15 million columns', 'record-malformed', { info: { RECORD: ','.repeat(15_000_000) } }),
  wheelOf('a JSON object', 'record-malformed', { info: { RECORD: '{"files": []}' } }),
]

export const recordCases: readonly MalformedCase[] = [...hashes, ...sizes, ...completeness, ...text].map((one) => ({
  ...one,
  fault: `RECORD: ${one.fault}`,
}))
