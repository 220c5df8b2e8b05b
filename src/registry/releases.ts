import { DomainError } from '../errors.ts'
import { parseVersion } from '../packaging/versions.ts'
import type { ListedFile } from './amendments.ts'
import type { Project } from './projects.ts'

/** Equal for versions that are one release. */
export function releaseKey(version: string): string {
  return parseVersion(version)?.key ?? version
}

/** Whether a canonical version is of the release with this key. Most are told apart by how they begin, without being read. */
export function isOfRelease(version: string, key: string): boolean {
  const [start = ''] = /^[\d!.]*/.exec(key) ?? []
  return version.startsWith(start) && releaseKey(version) === key
}

/** Which of the known canonical versions a person means by a text, however they spell it (PEP 440: 1.0 and 1.0.0 are one). */
export function versionMeant(known: Iterable<string>, text: string): string | undefined {
  const meant = parseVersion(text)
  if (meant === undefined) return undefined
  const all = [...known]
  return (
    all.find((version) => version === meant.canonical) ??
    all.find((version) => parseVersion(version)?.key === meant.key)
  )
}

/** Rejects with `release-not-found`, which says what became of it, or what there is. */
export function releaseNamed(
  project: Project,
  text: string,
): { readonly version: string; readonly files: readonly ListedFile[] } {
  const version = versionMeant(project.releases.keys(), text)
  const files = version === undefined ? undefined : project.releases.get(version)
  if (version !== undefined && files !== undefined) return { version, files }
  throw new DomainError(
    'release-not-found',
    `"${project.name}" has no release ${text.slice(0, 100)}. ${hint(project, text)}`,
    {
      project: project.name,
    },
  )
}

function hint(project: Project, text: string): string {
  const gone = versionMeant(new Set(project.deleted.map((file) => file.version)), text)
  const tombstone = project.deleted.find((file) => file.version === gone)?.deleted
  if (tombstone !== undefined) {
    const why = tombstone.reason === '' ? '' : ` (${tombstone.reason})`
    return `It was deleted by "${tombstone.by}" on ${tombstone.at.slice(0, 10)}${why}.`
  }
  const newest = [...project.releases.keys()].slice(-5).reverse().join(', ')
  return newest === '' ? 'It has no releases at all.' : `Its newest are: ${newest}.`
}
