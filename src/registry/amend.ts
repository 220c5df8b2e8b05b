import { DomainError } from '../errors.ts'
import { listed } from './amendments.ts'
import type { Amendments, FileRecord, Mark, ProjectHead, ProjectStatus, Tombstone } from './model.ts'

/** A release, or with a filename one file of it. `version` is canonical. */
export interface Target {
  readonly version: string
  readonly filename?: string | undefined
}

/** What can be said of a project after its files were accepted. */
export type Amendment =
  | ({ readonly kind: 'yank' | 'unyank' | 'delete' | 'restore'; readonly reason: string } & Target)
  | { readonly kind: 'status'; readonly status: ProjectStatus; readonly reason: string }

export interface Amended {
  readonly head: ProjectHead
  /** False where all was so already. */
  readonly changed: boolean
}

/** Everything that is decided here is decided from this. */
export interface ProjectContent {
  readonly head: ProjectHead
  /** All of the project, deleted ones too. */
  readonly records: readonly FileRecord[]
}

/**
 * The head after an amendment. Pure, and without effect the second time: a compare-and-swap whose answer was lost is tried
 * again. Throws a `DomainError` that says why it cannot be.
 */
export function amend(content: ProjectContent, amendment: Amendment, mark: Omit<Mark, 'reason'>): Amended {
  const said = { ...mark, reason: amendment.reason }
  switch (amendment.kind) {
    case 'yank':
      return yank(content, amendment, said)
    case 'unyank':
      return unyank(content, amendment)
    case 'delete':
      return remove(content, amendment, said)
    case 'restore':
      return restore(content, amendment)
    case 'status':
      return changeStatus(content, amendment.status, said)
  }
}

function yank({ head, records }: ProjectContent, target: Target, mark: Mark): Amended {
  living(head, targeted(head, records, target))
  const { amendments } = head
  const [field, key] =
    target.filename === undefined
      ? (['yankedReleases', target.version] as const)
      : (['yankedFiles', target.filename] as const)
  if (amendments[field][key]?.reason === mark.reason) return { head, changed: false }
  return changed(head, { [field]: { ...amendments[field], [key]: mark } })
}

/** A release is un-yanked with all its files; a file alone only where its release is not yanked. */
function unyank({ head, records }: ProjectContent, target: Target): Amended {
  const files = living(head, targeted(head, records, target))
  const { yankedReleases, yankedFiles } = head.amendments
  if (target.filename !== undefined && target.version in yankedReleases) {
    const text = `All of ${head.project} ${target.version} is yanked. Un-yank the release, and then yank the files that are to stay so.`
    throw new DomainError('amendment-refused', text)
  }
  const names = files.map((file) => file.filename).filter((name) => name in yankedFiles)
  const whole = target.filename === undefined && target.version in yankedReleases
  if (names.length === 0 && !whole) return { head, changed: false }
  return changed(head, {
    yankedReleases: whole ? without(yankedReleases, [target.version]) : yankedReleases,
    yankedFiles: without(yankedFiles, names),
  })
}

function remove({ head, records }: ProjectContent, target: Target, mark: Mark): Amended {
  const files = targeted(head, records, target).filter((file) => listed(head, file) !== undefined)
  if (files.length === 0) return { head, changed: false }
  const tombstones = files.map(({ filename, sha256 }): [string, Tombstone] => [filename, { ...mark, sha256 }])
  return changed(head, { deletedFiles: { ...head.amendments.deletedFiles, ...Object.fromEntries(tombstones) } })
}

/** What was yanked before it was deleted is yanked afterwards. */
function restore({ head, records }: ProjectContent, target: Target): Amended {
  const { deletedFiles } = head.amendments
  const names = targeted(head, records, target)
    .map((file) => file.filename)
    .filter((name) => name in deletedFiles)
  const back = names.filter((name) => deletedFiles[name]?.swept === undefined)
  if (names.length === 0) return { head, changed: false }
  if (back.length > 0) return changed(head, { deletedFiles: without(deletedFiles, back) })
  const text = `The bytes of ${names.join(', ')} were swept after the deletion, and cannot be restored. Upload a new version.`
  throw new DomainError('amendment-refused', text)
}

function changeStatus({ head }: ProjectContent, status: ProjectStatus, mark: Mark): Amended {
  const same = head.status === status && (head.statusMark?.reason ?? '') === mark.reason
  if (same) return { head, changed: false }
  return { head: { ...head, status, statusMark: mark }, changed: true }
}

/** All records meant, deleted ones too. */
function targeted(head: ProjectHead, records: readonly FileRecord[], target: Target): readonly FileRecord[] {
  const release = records.filter((file) => file.version === target.version)
  if (release.length === 0) {
    const text = `"${head.project}" has no release ${target.version}.`
    throw new DomainError('release-not-found', text, { project: head.project })
  }
  const { filename } = target
  const files = filename === undefined ? release : release.filter((file) => file.filename === filename)
  if (files.length > 0) return files
  const text = `${head.project} ${target.version} has no file "${filename?.slice(0, 200)}".`
  throw new DomainError('file-not-found', text, { project: head.project })
}

function living(head: ProjectHead, files: readonly FileRecord[]): readonly FileRecord[] {
  const left = files.filter((file) => listed(head, file) !== undefined)
  if (left.length > 0) return left
  const what = files.map((file) => file.filename).join(', ')
  throw new DomainError('amendment-refused', `${what} of ${head.project} was deleted. Restore it first.`)
}

function changed(head: ProjectHead, amendments: Partial<Amendments>): Amended {
  return { head: { ...head, amendments: { ...head.amendments, ...amendments } }, changed: true }
}

function without<T>(marks: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(marks).filter(([key]) => !keys.includes(key)))
}
