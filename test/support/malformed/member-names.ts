import { gzipSync } from 'node:zlib'
import { rawTar } from '../raw-tar.ts'
import { wheelMembers } from '../raw-wheel.ts'
import { rawZip } from '../raw-zip.ts'
import { sdistMembers } from '../sdist-members.ts'
import { framed, type MalformedCase } from './malformed-case.ts'

/** Names that no archive may have, whatever its format; `top` is the folder that its other members lie in. */
const unsafeNames: readonly (readonly [name: string, code: string])[] = [
  ['/etc/passwd', 'member-name-absolute'],
  ['//server/share', 'member-name-absolute'],
  ['C:/windows/evil.dll', 'member-name-absolute'],
  ['c:evil.dll', 'member-name-absolute'],
  ['C:\\evil.dll', 'member-name-backslash'],
  ['..\\evil.py', 'member-name-backslash'],
  ['top\\evil.py', 'member-name-backslash'],
  ['\\\\server\\share', 'member-name-backslash'],
  ['../evil.py', 'member-name-parent'],
  ['top/../../evil.py', 'member-name-parent'],
  ['top/..', 'member-name-parent'],
  ['top/../', 'member-name-parent'],
  ['top/a/../evil.py', 'member-name-parent'],
  ['..', 'member-name-parent'],
  ['top/./evil.py', 'member-name-not-plain'],
  ['top//evil.py', 'member-name-not-plain'],
  ['top/a//', 'member-name-not-plain'],
  ['top/.', 'member-name-not-plain'],
  ['top/ev\nil.py', 'member-name-control-character'],
  ['top/ev\ril.py', 'member-name-control-character'],
  ['top/ev\til.py', 'member-name-control-character'],
  ['top/evil\x1b[31m.py', 'member-name-control-character'],
  ['top/evil\x7f.py', 'member-name-control-character'],
  ['top/ev\x01il.py', 'member-name-control-character'],
  [`top/${'a'.repeat(256)}`, 'member-name-too-long'],
  [`top/${'ä'.repeat(128)}`, 'member-name-too-long'],
  [`top/${'folder/'.repeat(600)}evil.py`, 'member-name-too-long'],
]

const ofZipAlone: readonly (readonly [name: string, code: string])[] = [
  ['', 'member-name-empty'],
  ['/', 'member-name-absolute'],
  ['top/evil.py\0.txt', 'member-name-control-character'],
  ['./top/evil.py', 'member-name-not-plain'],
  ['.', 'member-name-not-plain'],
]

const inZips: readonly MalformedCase[] = [...unsafeNames, ...ofZipAlone].flatMap(([name, code]) => {
  const fault = `the name ${JSON.stringify(name.slice(0, 40))} of ${name.length}`
  const member = { name: name.replace('top', 'app'), content: name.endsWith('/') ? '' : 'evil' }
  const sdist = { name: name.replace('top', 'app-1.0'), content: member.content }
  return [
    framed(fault, code, (members) => ({ members: [...members, member] })),
    { fault, code, filename: 'app-1.0.zip', bytes: () => rawZip({ members: [...sdistMembers(), sdist] }) },
  ]
})

/** PAX has names of any length, so that each of them fits. */
const inTars: readonly MalformedCase[] = unsafeNames.map(([name, code]) => ({
  fault: `the name ${JSON.stringify(name.slice(0, 40))} of ${name.length}`,
  code,
  filename: 'app-1.0.tar.gz',
  bytes: () => {
    const path = name.replace('top', 'app-1.0')
    const records = Buffer.from(` path=${path}\n`)
    const length = records.length + String(records.length + 3).length
    const content = Buffer.concat([Buffer.from(String(length)), records])
    const member = { name: 'app-1.0/x', type: name.endsWith('/') ? '5' : '0' }
    return gzipSync(rawTar([...sdistMembers(), { name: 'pax', type: 'x', content }, member]))
  },
}))

const notUtf8: readonly MalformedCase[] = [
  ...[[0xe4], [0xc3], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc0, 0xaf]].map((bytes) =>
    framed(`a name with the bytes ${bytes}`, 'zip-name-not-utf8', (members) => ({
      members: [...members, { name: 'x', both: { name: Buffer.concat([Buffer.from('app/'), Buffer.from(bytes)]) } }],
    })),
  ),
  framed('UTF-8 that is not marked', 'zip-name-flag-missing', (members) => ({
    members: [...members, { name: 'app/ä.py', both: { flags: 0 } }],
  })),
]

const clashes: readonly MalformedCase[] = [
  framed('a file twice', 'member-duplicate', (members) => ({
    members: [...members, { name: 'app/__init__.py', content: 'evil' }],
  })),
  framed('a folder twice', 'member-duplicate', (members) => ({
    members: [...members, { name: 'sub/' }, { name: 'sub/' }],
  })),
  framed('METADATA twice', 'member-duplicate', (members) => ({
    members: [...members, { name: 'app-1.0.dist-info/METADATA', content: 'evil' }],
  })),
  framed('RECORD twice', 'member-duplicate', (members) => ({ members: [...members, ...wheelMembers().slice(-1)] })),
  framed('a file and a folder of one name', 'member-duplicate', (members) => ({
    members: [...members, { name: 'app/data.txt/' }],
  })),
  framed('a file below a file', 'member-below-file', (members) => ({
    members: [...members, { name: 'app/data.txt/evil.py' }],
  })),
  framed('a file where a folder is', 'member-below-file', (members) => ({ members: [...members, { name: 'app' }] })),
  framed('a folder with content', 'zip-folder-with-content', (members) => ({
    members: [...members, { name: 'app/sub/', content: 'evil' }],
  })),
]

export const memberNameCases: readonly MalformedCase[] = [...inZips, ...inTars, ...notUtf8, ...clashes]
