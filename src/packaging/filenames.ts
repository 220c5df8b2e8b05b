import { type ProjectName, parseProjectName } from './names.ts'
import { parseVersion, type Version } from './versions.ts'

export interface WheelName {
  readonly ok: true
  readonly project: ProjectName
  /** Name and version as the filename spells them, which the `.dist-info` folder inside repeats. */
  readonly spelled: { readonly name: string; readonly version: string }
  readonly version: Version
  readonly build: string | undefined
  readonly tags: {
    readonly python: readonly string[]
    readonly abi: readonly string[]
    readonly platform: readonly string[]
  }
}

export interface SdistName {
  readonly ok: true
  readonly project: ProjectName
  readonly version: Version
}

export interface BadFilename {
  readonly ok: false
  /** A sentence for the uploader. */
  readonly problem: string
}

/** `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl` (PEP 427, tags of PEP 425). */
export function parseWheelFilename(filename: string): WheelName | BadFilename {
  if (!filename.endsWith('.whl')) return bad(filename, 'a wheel ends in ".whl"')
  const parts = filename.slice(0, -'.whl'.length).split('-')
  if (parts.length !== 5 && parts.length !== 6) {
    return bad(
      filename,
      'a wheel is named name-version-python-abi-platform.whl, with "_" for "-" inside the parts (PEP 427)',
    )
  }
  const [name = '', version = ''] = parts
  const build = parts.length === 6 ? parts[2] : undefined
  const project = /^[\w.]+$/.test(name) ? parseProjectName(name) : undefined
  const parsed = parseVersion(version.replace(/_/g, '-'))
  if (project === undefined) return bad(filename, `"${name}" is no project name`)
  if (parsed === undefined) return bad(filename, `"${version}" is no PEP 440 version`)
  if (build !== undefined && !/^\d/.test(build))
    return bad(filename, `the build tag "${build}" does not begin with a digit`)
  const tags = parts.slice(-3).map((set) => set.split('.'))
  if (tags.flat().some((tag) => !/^\w+$/.test(tag)))
    return bad(filename, 'a tag is empty or has characters other than a-z, 0-9 and "_"')
  const [python = [], abi = [], platform = []] = tags
  return { ok: true, project, spelled: { name, version }, version: parsed, build, tags: { python, abi, platform } }
}

/**
 * `{name}-{version}.tar.gz` (PEP 625), and what build tools wrote before it: dashes in the name, `.zip`. Where the name
 * may have dashes only the expected project tells where it ends.
 */
export function parseSdistFilename(filename: string, expected?: ProjectName | string): SdistName | BadFilename {
  const stem = /^(.+)\.(tar\.gz|zip)$/.exec(filename)?.[1]
  if (stem === undefined) return bad(filename, 'a source archive ends in ".tar.gz" or ".zip"')
  const candidates: SdistName[] = []
  for (let dash = stem.indexOf('-'); dash !== -1; dash = stem.indexOf('-', dash + 1)) {
    const project = parseProjectName(stem.slice(0, dash))
    const version = parseVersion(stem.slice(dash + 1))
    if (project !== undefined && version !== undefined) candidates.push({ ok: true, project, version })
  }
  const named = candidates.find(({ project }) => project === expected) ?? candidates.at(-1)
  return named ?? bad(filename, 'a source archive is named name-version.tar.gz, with "_" for "-" in the name (PEP 625)')
}

function bad(filename: string, why: string): BadFilename {
  return {
    ok: false,
    problem: `The filename ${filename} cannot be read: ${why}. Build with a current tool and upload what it made.`,
  }
}
