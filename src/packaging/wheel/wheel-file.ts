import { utf8 } from '../archive/bytes.ts'
import type { WheelName } from '../filenames.ts'
import { parseHeaderLines } from '../header-lines.ts'
import { refusing, shown } from '../refusals.ts'
import { wheelRefusals } from './refusals.ts'

const refuse = refusing(wheelRefusals)

/** Checks the WHEEL file against the filename, which installers believe before they have the wheel. */
export function checkWheelFile(bytes: Uint8Array, named: WheelName): void {
  const text = utf8(bytes)
  if (text === undefined) throw refuse('wheel-file-malformed', 'its WHEEL is not UTF-8')
  const fields = parseHeaderLines(text)
  checkVersion(fields.get('wheel-version') ?? [])
  checkPurelib(fields.get('root-is-purelib') ?? [])
  checkTags(fields.get('tag') ?? [], named)
  const [build] = fields.get('build') ?? []
  if (build !== undefined && build !== '' && build !== named.build)
    throw refuse(
      'wheel-build-differs',
      `its WHEEL says build ${shown(build)}, its filename ${shown(named.build ?? 'none')}`,
    )
}

/** "A larger minor version: warn; a larger major version: fail" (binary distribution format, "File contents"). */
function checkVersion(versions: readonly string[]): void {
  const [version] = versions
  if (version === undefined || versions.length > 1)
    throw refuse('wheel-file-malformed', `its WHEEL has ${versions.length} Wheel-Version fields`)
  if (!/^1\.\d+$/.test(version))
    throw refuse('wheel-version-unknown', `it has the wheel format ${shown(version)}, but installers know 1.x only`)
}

function checkPurelib(values: readonly string[]): void {
  if (values.length === 1 && /^(?:true|false)$/i.test(values[0] ?? '')) return
  throw refuse('wheel-purelib-malformed', 'Root-Is-Purelib in its WHEEL is neither "true" nor "false"')
}

/** The filename has compressed sets; WHEEL has each combination of them on a line (PEP 425). */
function checkTags(lines: readonly string[], { tags }: WheelName): void {
  const expanded = (sets: { python: readonly string[]; abi: readonly string[]; platform: readonly string[] }) =>
    sets.python.flatMap((python) =>
      sets.abi.flatMap((abi) => sets.platform.map((platform) => `${python}-${abi}-${platform}`.toLowerCase())),
    )
  const expected = new Set(expanded(tags))
  const actual = new Set(lines.flatMap(expandLine).map((tag) => tag.toLowerCase()))
  if (actual.size === 0) throw refuse('wheel-file-malformed', 'its WHEEL has no Tag')
  const missing = [...expected].find((tag) => !actual.has(tag))
  if (missing !== undefined)
    throw refuse('wheel-tags-differ', `its filename has the tag ${shown(missing)}, its WHEEL has not`)
  const extra = [...actual].find((tag) => !expected.has(tag))
  if (extra !== undefined)
    throw refuse('wheel-tags-differ', `its WHEEL has the tag ${shown(extra)}, its filename has not`)

  /** Some tools write the compressed form of the filename on one line. */
  function expandLine(line: string): string[] {
    const [python = '', abi = '', platform = '', ...rest] = line.split('-')
    if (platform === '' || rest.length > 0)
      throw refuse('wheel-file-malformed', `the Tag ${shown(line)} in its WHEEL is none`)
    return expanded({ python: python.split('.'), abi: abi.split('.'), platform: platform.split('.') })
  }
}
