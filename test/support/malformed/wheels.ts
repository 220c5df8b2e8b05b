import { wheelMembers } from '../raw-wheel.ts'
import { type RawMember, rawZip } from '../raw-zip.ts'
import { framed, type MalformedCase, wheelOf } from './malformed-case.ts'

const metadata = 'Metadata-Version: 2.1\nName: app\nVersion: 1.0\n'
const wheelFile = (change: Readonly<Record<string, string | readonly string[] | undefined>>) => {
  const fields = {
    'Wheel-Version': '1.0',
    Generator: 'tests',
    'Root-Is-Purelib': 'true',
    Tag: 'py3-none-any',
    ...change,
  }
  const lines = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${key}: ${one}`),
  )
  return { info: { WHEEL: `${lines.join('\n')}\n` } }
}

function named(
  fault: string,
  code: string,
  filename: string,
  members: () => readonly RawMember[] = wheelMembers,
): MalformedCase {
  return { fault, code, filename, bytes: () => rawZip({ members: members() }) }
}

const layout: readonly MalformedCase[] = [
  framed('no members', 'wheel-no-dist-info', () => ({ members: [] })),
  framed('no .dist-info', 'wheel-no-dist-info', (members) => ({ members: members.slice(0, 2) })),
  wheelOf('.dist-info in a folder', 'wheel-no-dist-info', { folder: 'app/app-1.0.dist-info' }),
  wheelOf('.egg-info in place of it', 'wheel-no-dist-info', { folder: 'app-1.0.egg-info' }),
  wheelOf('other case of .dist-info', 'wheel-no-dist-info', { folder: 'app-1.0.DIST-INFO' }),
  wheelOf('.dist-info of another project', 'wheel-dist-info-differs', { folder: 'other-1.0.dist-info' }),
  wheelOf('.dist-info of another version', 'wheel-dist-info-differs', { folder: 'app-1.1.dist-info' }),
  wheelOf('.dist-info of a local version', 'wheel-dist-info-differs', { folder: 'app-1.0+a.dist-info' }),
  wheelOf('.dist-info without version', 'wheel-dist-info-differs', { folder: 'app.dist-info' }),
  wheelOf('.dist-info without name', 'wheel-dist-info-differs', { folder: '-1.0.dist-info' }),
  wheelOf('nothing but .dist-info as name', 'wheel-dist-info-differs', { folder: '.dist-info' }),
  wheelOf('two .dist-info folders', 'wheel-several-dist-info', { files: { 'other-2.0.dist-info/METADATA': metadata } }),
  wheelOf('two spellings of .dist-info', 'wheel-several-dist-info', {
    files: { 'App-1.0.dist-info/METADATA': metadata },
  }),
  wheelOf('an empty second .dist-info', 'wheel-several-dist-info', { files: { 'app-1.0.0.dist-info/': '' } }),
  named('the name of another version', 'wheel-dist-info-differs', 'app-2.0-py3-none-any.whl'),
  named('the name of another project', 'wheel-dist-info-differs', 'other-1.0-py3-none-any.whl'),
  ...['METADATA', 'WHEEL', 'RECORD'].map((name) =>
    wheelOf(`no ${name}`, 'wheel-file-missing', { info: { [name]: undefined } }),
  ),
  ...['metadata', 'wheel'].map((name) =>
    wheelOf(`${name} in lower case`, 'wheel-file-missing', {
      info: { [name.toUpperCase()]: undefined, [name]: metadata },
    }),
  ),
  ...['METADATA', 'WHEEL'].map((name) =>
    wheelOf(`9 MiB of ${name}`, 'wheel-file-too-large', {
      info: { [name]: `${metadata}\n${'x'.repeat(9 * 1024 * 1024)}` },
    }),
  ),
  wheelOf('100 KiB of WHEEL', 'wheel-file-too-large', { info: { WHEEL: 'Tag: py3-none-any\n'.repeat(6000) } }),
  wheelOf('2 MiB of entry_points.txt', 'wheel-file-too-large', {
    info: { 'entry_points.txt': '#'.repeat(2 * 1024 * 1024) },
  }),
  wheelOf('33 MiB of RECORD', 'wheel-file-too-large', { info: { RECORD: '\n'.repeat(33 * 1024 * 1024) } }),
  wheelOf('.data of another version', 'wheel-data-folder-differs', {
    files: { 'app-1.1.data/scripts/run': '#!python\n' },
  }),
  wheelOf('.data of another project', 'wheel-data-folder-differs', {
    files: { 'evil.data/scripts/run': '#!python\n' },
  }),
  ...['run', 'bin/run', 'Scripts/run', 'stdlib/os.py', 'platstdlib/os.py', 'include/app.h'].map((path) =>
    wheelOf(`${path} in .data`, 'wheel-data-scheme-unknown', { files: { [`app-1.0.data/${path}`]: 'x' } }),
  ),
  ...['sub/run', 'my run', 'run:x', 'a*', 'a|b'].map((path) =>
    wheelOf(`the script ${path} in .data`, 'wheel-script-name', { files: { [`app-1.0.data/scripts/${path}`]: 'x' } }),
  ),
]

const wheelFiles: readonly MalformedCase[] = [
  wheelOf('WHEEL that is not UTF-8', 'wheel-file-malformed', { info: { WHEEL: Buffer.from([0xff, 0xfe, 0x57]) } }),
  wheelOf('an empty WHEEL', 'wheel-file-malformed', { info: { WHEEL: '' } }),
  wheelOf('no Wheel-Version', 'wheel-file-malformed', wheelFile({ 'Wheel-Version': undefined })),
  wheelOf('two Wheel-Versions', 'wheel-file-malformed', wheelFile({ 'Wheel-Version': ['1.0', '1.0'] })),
  ...['2.0', '0.1', '10.0', '1', 'x', '', '1.0.0'].map((version) =>
    wheelOf(`Wheel-Version "${version}"`, 'wheel-version-unknown', wheelFile({ 'Wheel-Version': version })),
  ),
  ...['yes', '1', '', 'truex'].map((value) =>
    wheelOf(`Root-Is-Purelib "${value}"`, 'wheel-purelib-malformed', wheelFile({ 'Root-Is-Purelib': value })),
  ),
  wheelOf('no Root-Is-Purelib', 'wheel-purelib-malformed', wheelFile({ 'Root-Is-Purelib': undefined })),
  wheelOf('two of Root-Is-Purelib', 'wheel-purelib-malformed', wheelFile({ 'Root-Is-Purelib': ['true', 'false'] })),
  wheelOf('no Tag', 'wheel-file-malformed', wheelFile({ Tag: undefined })),
  ...['py3', 'py3-none', '', 'py3-none-any-x'].map((tag) =>
    wheelOf(`the Tag "${tag}"`, 'wheel-file-malformed', wheelFile({ Tag: tag })),
  ),
  wheelOf(
    'a Tag of a thousand million',
    'wheel-tags-differ',
    wheelFile({ Tag: ['a', 'b', 'c'].map((tag) => `${tag}.`.repeat(1000)).join('-') }),
  ),
  ...['py2-none-any', 'py3-abi3-any', 'py3-none-linux_x86_64', 'cp311-none-any'].map((tag) =>
    wheelOf(`the Tag ${tag} alone`, 'wheel-tags-differ', wheelFile({ Tag: tag })),
  ),
  wheelOf('a Tag more', 'wheel-tags-differ', wheelFile({ Tag: ['py2-none-any', 'py3-none-any'] })),
  named('a tag that WHEEL has not', 'wheel-tags-differ', 'app-1.0-py2.py3-none-any.whl'),
  named('a platform that WHEEL has not', 'wheel-tags-differ', 'app-1.0-py3-none-manylinux_2_28_x86_64.whl'),
  named('one of four combinations missing', 'wheel-tags-differ', 'app-1.0-py2.py3-none-any.linux_x86_64.whl', () =>
    wheelMembers(wheelFile({ Tag: ['py2-none-any', 'py3-none-any', 'py2-none-linux_x86_64'] })),
  ),
  wheelOf('a build that the filename has not', 'wheel-build-differs', wheelFile({ Build: '3' })),
  named('another build than the filename', 'wheel-build-differs', 'app-1.0-2-py3-none-any.whl', () =>
    wheelMembers(wheelFile({ Build: '3' })),
  ),
  ...['2.4', '2.5'].map((version) =>
    wheelOf(`Metadata ${version} without its license file`, 'wheel-license-file-missing', {
      info: { METADATA: `Metadata-Version: ${version}\nName: app\nVersion: 1.0\nLicense-File: LICENSE\n` },
    }),
  ),
  wheelOf('a license file that lies beside METADATA', 'wheel-license-file-missing', {
    info: { METADATA: 'Metadata-Version: 2.4\nName: app\nVersion: 1.0\nLicense-File: LICENSE\n', LICENSE: 'MIT' },
  }),
]

export const wheelCases: readonly MalformedCase[] = [...layout, ...wheelFiles]
