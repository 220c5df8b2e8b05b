import { rawTarGz } from '../raw-tar.ts'
import { rawZip } from '../raw-zip.ts'
import { sdistMembers } from '../sdist-members.ts'
import type { MalformedCase } from './malformed-case.ts'

interface Member {
  readonly name: string
  readonly content: string
}

/** The same fault in both formats. */
function both(fault: string, code: string, change: (members: readonly Member[]) => readonly Member[]): MalformedCase[] {
  return [
    { fault, code, filename: 'app-1.0.tar.gz', bytes: () => rawTarGz(change(sdistMembers())) },
    { fault, code, filename: 'app-1.0.zip', bytes: () => rawZip({ members: change(sdistMembers()) }) },
  ]
}

const licensed = (version: string) => (members: readonly Member[]) =>
  members.map((member) =>
    member.name.endsWith('PKG-INFO')
      ? { ...member, content: `Metadata-Version: ${version}\nName: app\nVersion: 1.0\nLicense-File: LICENSE\n` }
      : member,
  )

export const sdistCases: readonly MalformedCase[] = [
  ...both('no PKG-INFO', 'sdist-no-pkg-info', (members) => members.slice(1)),
  ...both('PKG-INFO in a folder', 'sdist-no-pkg-info', ([, ...rest]) => [
    { name: 'app-1.0/app.egg-info/PKG-INFO', content: 'x' },
    ...rest,
  ]),
  ...both('pkg-info in lower case', 'sdist-no-pkg-info', ([, ...rest]) => [
    { name: 'app-1.0/pkg-info', content: 'x' },
    ...rest,
  ]),
  ...both('no top folder', 'sdist-several-roots', (members) =>
    members.map((member) => ({ ...member, name: member.name.slice('app-1.0/'.length) })),
  ),
  ...both('a file beside the top folder', 'sdist-several-roots', (members) => [
    ...members,
    { name: 'evil.py', content: 'x' },
  ]),
  ...both('a second top folder', 'sdist-several-roots', (members) => [...members, ...sdistMembers('evil-1.0')]),
  ...both('a second top folder that is empty', 'sdist-several-roots', (members) => [
    ...members,
    { name: 'evil/x', content: '' },
  ]),
  ...both('one file alone', 'sdist-several-roots', () => [{ name: 'PKG-INFO', content: 'x' }]),
  ...['app-2.0', 'other-1.0', 'app', '1.0', 'app-1.0-main', 'app_1.0'].flatMap((root) =>
    both(`the top folder ${root}`, 'sdist-root-differs', () => sdistMembers(root)),
  ),
  ...both('9 MiB of PKG-INFO', 'sdist-pkg-info-unreadable', ([first, ...rest]) => [
    { name: first?.name ?? '', content: `${first?.content}${'x'.repeat(9 * 1024 * 1024)}` },
    ...rest,
  ]),
  ...['2.4', '2.5'].flatMap((version) =>
    both(`Metadata ${version} without its license file`, 'sdist-license-file-missing', licensed(version)),
  ),
  {
    fault: 'PKG-INFO that is a link',
    code: 'sdist-pkg-info-unreadable',
    filename: 'app-1.0.tar.gz',
    bytes: () => rawTarGz([...sdistMembers().slice(1), { name: 'app-1.0/PKG-INFO', type: '2', link: 'setup.py' }]),
  },
  { fault: 'no members', code: 'sdist-empty', filename: 'app-1.0.zip', bytes: () => rawZip({ members: [] }) },
]
