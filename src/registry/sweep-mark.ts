import type { FileRecord, ProjectHead } from './model.ts'

/**
 * How bytes without a record are removed while the same bytes may be uploaded again (they are reused then, not written):
 * mark them in the head, remove them, take the mark off. An upload looks at the head before it stores its bytes, and is
 * committed only where no sweep of the project began since, and none has these very bytes. Otherwise it stores them again.
 */
export type SweepsSeen = number

/** To be asked of a head that was read before the bytes were stored. */
export function sweepsSeen(head: ProjectHead | undefined, file: StoredFile): SweepsSeen {
  const sweep = head?.sweep
  // No number that a mark ever has: these bytes are about to go, whatever was stored.
  if (isMarked(head, file)) return -1
  return sweep?.serial ?? 0
}

/** Are the bytes that were stored after `seen` still there? */
export function bytesAreSafe(head: ProjectHead, file: StoredFile, seen: SweepsSeen): boolean {
  return (head.sweep?.serial ?? 0) === seen && !isMarked(head, file)
}

/** By its bytes: what lies beside them (metadata, provenance) goes and comes with them. */
function isMarked(head: ProjectHead | undefined, { sha256 }: StoredFile): boolean {
  return head?.sweep?.files.some((name) => name.startsWith(`${sha256}/`)) === true
}

export function withSweep(head: ProjectHead, files: readonly string[], at: string, by: string): ProjectHead {
  return { ...head, sweep: { serial: (head.sweep?.serial ?? 0) + 1, files: [...files], at, by } }
}

export function sweepDone(head: ProjectHead): ProjectHead {
  return head.sweep === undefined ? head : { ...head, sweep: { ...head.sweep, files: [] } }
}

/** Nothing of these can be restored any more. */
export function withSweptTombstones(head: ProjectHead, filenames: readonly string[]): ProjectHead {
  const deletedFiles = { ...head.amendments.deletedFiles }
  for (const filename of filenames) {
    const tombstone = deletedFiles[filename]
    if (tombstone !== undefined) deletedFiles[filename] = { ...tombstone, swept: true }
  }
  return { ...head, amendments: { ...head.amendments, deletedFiles } }
}

type StoredFile = Pick<FileRecord, 'sha256'>
