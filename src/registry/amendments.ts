import type { FileRecord, Mark, ProjectHead, Tombstone } from './model.ts'

/** A record with what was said of it later. */
export interface ListedFile extends FileRecord {
  /** Its own yank, or that of its whole release. */
  readonly yanked?: Mark | undefined
}

export interface DeletedFile extends FileRecord {
  readonly deleted: Tombstone
}

/** What is there to be installed, in the order of the records. */
export function listedFiles(head: ProjectHead, records: readonly FileRecord[]): readonly ListedFile[] {
  return records.flatMap((record) => listed(head, record) ?? [])
}

/** `undefined` for a deleted file. A file of which nothing was said is its very record. */
export function listed({ amendments }: ProjectHead, record: FileRecord): ListedFile | undefined {
  if (record.filename in amendments.deletedFiles) return undefined
  const yanked = amendments.yankedReleases[record.version] ?? amendments.yankedFiles[record.filename]
  return yanked === undefined ? record : { ...record, yanked }
}

export function deletedFiles({ amendments }: ProjectHead, records: readonly FileRecord[]): readonly DeletedFile[] {
  return records.flatMap((record) => {
    const deleted = amendments.deletedFiles[record.filename]
    return deleted === undefined ? [] : { ...record, deleted }
  })
}

/** How a yank reads where people choose: without a reason there is still the fact. */
export function yankText({ reason }: Mark): string {
  return reason === '' ? 'without a reason given' : reason
}
