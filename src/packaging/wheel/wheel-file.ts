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

type TagSets = WheelName['tags']

/** The filename has compressed sets; WHEEL has each combination of them on a line (PEP 425), or the sets themselves. */
function checkTags(lines: readonly string[], { tags }: WheelName): void {
  if (lines.length === 0) throw refuse('wheel-file-malformed', 'its WHEEL has no Tag')
  const known = lowered(tags)
  const actual = new Set<string>()
  for (const line of lines) {
    const sets = tagSets(line)
    // Before they are combined: three sets of a thousand are a thousand million tags.
    const isKnown = (['python', 'abi', 'platform'] as const).every((part) =>
      sets[part].every((tag) => known[part].includes(tag)),
    )
    if (!isKnown) throw refuse('wheel-tags-differ', `its WHEEL has the tag ${shown(line)}, its filename has not`)
    for (const tag of combined(sets)) actual.add(tag)
  }
  const missing = combined(known).find((tag) => !actual.has(tag))
  if (missing !== undefined)
    throw refuse('wheel-tags-differ', `its filename has the tag ${shown(missing)}, its WHEEL has not`)
}

function tagSets(line: string): TagSets {
  const [python = '', abi = '', platform = '', ...rest] = line.split('-')
  if (platform === '' || rest.length > 0)
    throw refuse('wheel-file-malformed', `the Tag ${shown(line)} in its WHEEL is none`)
  return lowered({ python: python.split('.'), abi: abi.split('.'), platform: platform.split('.') })
}

function lowered({ python, abi, platform }: TagSets): TagSets {
  const lower = (set: readonly string[]) => [...new Set(set.map((tag) => tag.toLowerCase()))]
  return { python: lower(python), abi: lower(abi), platform: lower(platform) }
}

function combined({ python, abi, platform }: TagSets): string[] {
  return python.flatMap((one) => abi.flatMap((two) => platform.map((three) => `${one}-${two}-${three}`)))
}
