import { DomainError } from '../errors.ts'
import type { FileRecord, ProjectHead, Tombstone } from './model.ts'

/** The text begins as PyPI's does: twine --skip-existing and others look for it. */
export function fileExists(filename: string, existing: string, uploaded: string): DomainError {
  return new DomainError(
    'file-exists',
    `File already exists: ${filename} was uploaded before with other content (sha256 ${existing.slice(0, 12)}..., ` +
      `yours is ${uploaded.slice(0, 12)}...). A file never changes once accepted: raise the version and upload again.`,
    { filename, existing, uploaded },
  )
}

/** See `twins.ts`. */
export function twinExists({ filename, version, filetype }: FileRecord, twin: FileRecord): DomainError {
  const what = filetype === 'sdist' ? `source archive of ${version}` : `wheel of ${version} for the same systems`
  return new DomainError(
    'file-exists',
    `File already exists: the ${what} is ${twin.filename}, and beside ${filename} it would be chance which of the two is ` +
      'installed. Raise the version and upload again, or delete the other first.',
    { filename, existing: twin.filename },
  )
}

/** Whatever the bytes: what was deleted comes back by being restored, so that a late CI job does not undo a deletion. */
export function fileDeleted(filename: string, { at, by, reason }: Tombstone): DomainError {
  const why = reason === '' ? '' : ` (${reason})`
  return new DomainError(
    'file-exists',
    `File already exists: ${filename} was uploaded before, and deleted by "${by}" on ${at.slice(0, 10)}${why}. ` +
      'The name is not used again: raise the version and upload again, or have the file restored.',
    { filename },
  )
}

/** Why a project takes no uploads (PEP 792); `undefined` where it does. */
export function closedProblem({ project, status, statusMark }: ProjectHead): DomainError | undefined {
  if (status === 'active' || status === 'deprecated') return undefined
  const why = statusMark?.reason ? ` (${statusMark.reason})` : ''
  return new DomainError(
    'project-closed',
    `The project "${project}" is ${status}${why}, and takes no uploads. Make it active again first: PUT /projects/${project}/status.`,
    { project, status },
  )
}
