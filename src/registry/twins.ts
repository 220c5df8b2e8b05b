import { parseWheelFilename } from '../packaging/filenames.ts'
import type { FileRecord, ProjectHead } from './model.ts'
import { releaseKey } from './releases.ts'

/**
 * A file that an installer would take or leave by chance beside this one: the other source archive of the release, or the
 * same wheel under a filename spelled otherwise (My.App, my_app). Deleted ones are out of the way.
 */
export function twinOf(record: FileRecord, { amendments }: ProjectHead, release: readonly FileRecord[]) {
  return release.find((other) => isTwin(record, other) && amendments.deletedFiles[other.filename] === undefined)
}

/**
 * The record as part of a release that is there: a version is spelled as its first file had it (1.0, and not 1.0.0 beside
 * it), so that a release is promoted, yanked and deleted whole.
 */
export function inRelease(record: FileRecord, release: readonly FileRecord[]): FileRecord {
  const key = releaseKey(record.version)
  const first = release.find(({ version }) => releaseKey(version) === key)
  return first === undefined || first.version === record.version ? record : { ...record, version: first.version }
}

function isTwin(one: FileRecord, other: FileRecord): boolean {
  if (
    one.filename === other.filename ||
    releaseKey(one.version) !== releaseKey(other.version) ||
    one.filetype !== other.filetype
  )
    return false
  return one.filetype === 'sdist' || wheelMeaning(one.filename) === wheelMeaning(other.filename)
}

/** What tells the wheels of a release apart: build number and tags, in whatever order (PEP 425). */
function wheelMeaning(filename: string): string {
  const named = parseWheelFilename(filename)
  if (!named.ok) return filename
  const { python, abi, platform } = named.tags
  const sets = [python, abi, platform].map((set) => [...set].sort().join('.').toLowerCase())
  return [named.build ?? '', ...sets].join('-')
}
