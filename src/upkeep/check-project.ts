import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectEntry } from '../objects/object-store.ts'
import { type FileRecord, type ProjectHead, projectDocument, segmentDocument } from '../registry/model.ts'
import { digestOf } from './digest.ts'
import type { Finding } from './findings.ts'
import { inParallel } from './in-parallel.ts'
import { fileOf, type ListedProject, namesOf } from './listing.ts'
import type { Proof } from './proof.ts'
import { readOr } from './read-or.ts'

export interface ProjectCheck {
  readonly documents: Documents
  readonly project: string
  readonly listed: ListedProject
  /** Gathered before the head is read, as entries of the audit follow the commit. */
  readonly proof: Proof | undefined
  /** What lies below `files/`, listed before the head is read: what was committed meanwhile is no orphan. */
  readonly entries: readonly ObjectEntry[]
  /** Milliseconds since the epoch: younger bytes may belong to an upload under way. */
  readonly orphansBefore: number
  readonly report: (finding: Finding) => void
  readonly verified: (record: FileRecord) => void
}

const filesAtOnce = 4

/** Everything of one project. */
export async function checkProject(check: ProjectCheck): Promise<void> {
  const head = await readHead(check)
  if (head === undefined) return
  const records = await readRecords(check, head)
  if (records === undefined) return
  checkNames(check, head, records)
  checkProven(check, records)
  checkOrphans(check, records)
  await inParallel(filesAtOnce, records.filter(isKept(head)), (record) => checkFile(check, record))
}

async function readHead(check: ProjectCheck): Promise<ProjectHead | undefined> {
  const { documents, project, listed, proof, report } = check
  const key = keys.project(project)
  const head = await readOr(
    () => documents.read(projectDocument, key),
    (detail) => report({ id: 'head-corrupt', key, detail }),
  )
  if (head === 'corrupt') return undefined
  const proven = listed.segments.length > 0 || (proof?.files.size ?? 0) > 0
  if (head === undefined && proven) report({ id: 'head-missing', key })
  else if (head === undefined) checkOrphans(check, [])
  return head?.value
}

async function readRecords(check: ProjectCheck, head: ProjectHead): Promise<readonly FileRecord[] | undefined> {
  const { documents, project, report } = check
  const older: FileRecord[] = []
  let whole = true
  for (let n = 0; n < head.segments; n++) {
    const key = keys.projectSegment(project, n)
    const read = () => documents.read(segmentDocument, key)
    const segment = await readOr(read, (detail) => report({ id: 'segment-corrupt', key, detail }))
    if (segment === undefined) report({ id: 'segment-missing', key })
    if (segment === undefined || segment === 'corrupt') whole = false
    else older.push(...segment.value)
  }
  // The segment after the last is written before the head that counts it: a crash in between leaves it, harmlessly.
  for (const n of check.listed.segments.filter((n) => n > head.segments)) {
    report({ id: 'segment-unexpected', key: keys.projectSegment(project, n) })
  }
  return whole ? [...older, ...head.files] : undefined
}

function checkNames({ project, report }: ProjectCheck, { amendments }: ProjectHead, records: readonly FileRecord[]) {
  const key = keys.project(project)
  const names = new Set<string>()
  for (const { filename } of records) {
    if (names.has(filename)) report({ id: 'record-doubled', key, detail: filename })
    names.add(filename)
  }
  for (const filename of [...Object.keys(amendments.deletedFiles), ...Object.keys(amendments.yankedFiles)]) {
    if (!names.has(filename)) report({ id: 'amendment-dangling', key, detail: filename })
  }
}

/** A deleted file keeps its record: what was committed once is never without one. */
function checkProven({ project, proof, report }: ProjectCheck, records: readonly FileRecord[]) {
  const known = new Set(records.map(({ filename }) => filename))
  for (const { filename, sha256 } of proof?.files.values() ?? []) {
    if (!known.has(filename)) report({ id: 'record-missing', key: keys.file(project, sha256, filename) })
  }
}

function checkOrphans(
  { project, entries, proof, orphansBefore, report }: ProjectCheck,
  records: readonly FileRecord[],
) {
  const known = new Set(records.flatMap(namesOf))
  // The record is what is missing there, and is reported.
  const proven = new Set([...(proof?.files.values() ?? [])].map(({ sha256 }) => sha256))
  for (const { key, modified } of entries) {
    const name = fileOf(key).slice(keys.filesOf(project).length)
    if (known.has(name) || proven.has(name.split('/')[0] ?? '')) continue
    if (modified < orphansBefore) report({ id: 'file-orphan', key })
  }
}

/** Deleted files are kept until they are swept, as they may be restored. */
function isKept({ amendments }: ProjectHead) {
  return ({ filename }: FileRecord) => amendments.deletedFiles[filename]?.swept === undefined
}

async function checkFile(check: ProjectCheck, record: FileRecord): Promise<void> {
  const { documents, project, report, verified } = check
  const { sha256, filename, size, metadataSha256 } = record
  const key = keys.file(project, sha256, filename)
  const found = await digestOf(documents.store, key)
  if (found === undefined) report({ id: 'file-missing', key })
  else if (found.size !== size) report({ id: 'file-damaged', key, detail: `${found.size} bytes, not ${size}` })
  else if (found.sha256 !== sha256) report({ id: 'file-damaged', key, detail: `its sha256 is ${found.sha256}` })
  if (metadataSha256 !== undefined) {
    const metadataKey = keys.fileMetadata(project, sha256, filename)
    const metadata = await digestOf(documents.store, metadataKey)
    if (metadata === undefined) report({ id: 'metadata-missing', key: metadataKey })
    else if (metadata.sha256 !== metadataSha256) report({ id: 'metadata-damaged', key: metadataKey })
  }
  await checkProvenance(check, record)
  verified(record)
}

async function checkProvenance({ documents, project, report }: ProjectCheck, record: FileRecord): Promise<void> {
  const { sha256, provenanceSha256 } = record
  if (provenanceSha256 === undefined) return
  const key = keys.fileProvenance(project, sha256, provenanceSha256)
  const found = await digestOf(documents.store, key)
  if (found?.sha256 !== provenanceSha256) report({ id: 'provenance-damaged', key })
}
