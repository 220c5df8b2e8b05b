import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { FormDifference } from '../packaging/form-comparison.ts'
import { provenanceOf } from './attestations.ts'
import { type Claim, claimOf } from './claim.ts'
import type { CommitOutcome, Committer } from './committer.ts'
import { compareWithArchive, compareWithDigests } from './comparison.ts'
import type { FormFields, UploadRules } from './form-fields.ts'
import type { AcceptedArchive } from './inspection.ts'
import type { FileRecord } from './model.ts'
import type { Projects } from './projects.ts'
import type { Digests } from './staging/messages.ts'
import type { StagedFile } from './staging/staging.ts'
import { closedProblem, fileDeleted, fileExists } from './upload-refusals.ts'

export interface Upload {
  readonly fields: FormFields
  readonly filename: string
  readonly staged: StagedFile
  /** Name of the token that uploads. */
  readonly by: string
}

export interface Published {
  readonly outcome: CommitOutcome
  readonly record: FileRecord
  readonly project: string
  /** What the form says otherwise than the archive, and misleads nobody: for the audit. */
  readonly differences: readonly FormDifference[]
}

export interface PublishPorts {
  readonly store: ObjectStore
  readonly projects: Projects
  readonly committer: Committer
  readonly clock: Clock
  readonly rules: UploadRules
}

/**
 * Accepts a staged file: claim (what form and filename say) → digests → archive → form against archive → attestations
 * → what is there already → bytes → commit. Until the commit nothing can be seen, after it nothing can be lost. Rejects with
 * `invalid-upload`, `digest-mismatch`, `file-exists` or `project-closed`; then nothing was stored.
 */
export async function publish(ports: PublishPorts, upload: Upload): Promise<Published> {
  const claim = claimOf(upload.fields, upload.filename, ports.rules)
  const { size, digests } = upload.staged.result()
  compareWithDigests(claim, digests)
  const archive = await inspect(upload.staged, claim)
  const differences = compareWithArchive(claim, archive.metadata)
  const provenance = provenanceOf(claim.fields, { filename: claim.filename, sha256: digests.sha256 }, upload.by)
  const record = recordOf(claim, archive, { size, digests, provenance }, upload.by, ports.clock.now())
  const existing = await findExisting(ports.projects, claim, record)
  if (existing !== undefined) return { outcome: 'same', record: existing, project: claim.project, differences }
  await storeBytes(ports.store, claim, record, {
    path: upload.staged.path,
    metadata: archive.metadata.bytes,
    provenance,
  })
  const outcome = await ports.committer.commit(claim.project, archive.metadata.name, record)
  return { outcome, record, project: claim.project, differences }
}

async function inspect(staged: StagedFile, claim: Claim): Promise<AcceptedArchive> {
  const inspection = await staged.inspect(claim.filename)
  if (inspection.ok) return inspection
  throw new DomainError('invalid-upload', inspection.problem, { filename: claim.filename, refusal: inspection.code })
}

interface Received {
  readonly size: number
  readonly digests: Digests
  readonly provenance: Uint8Array | undefined
}

function recordOf(
  claim: Claim,
  archive: AcceptedArchive,
  { size, digests, provenance }: Received,
  uploadedBy: string,
  now: number,
): FileRecord {
  return {
    filename: claim.filename,
    version: claim.version,
    filetype: claim.filetype,
    size,
    sha256: digests.sha256,
    blake2b: digests.blake2b,
    requiresPython: archive.metadata.requiresPython,
    metadataSha256: archive.metadataSha256,
    provenanceSha256: provenance && createHash('sha256').update(provenance).digest('hex'),
    uploadedAt: new Date(now).toISOString(),
    uploadedBy,
  }
}

/** Answers early what the commit would answer late: most repeated uploads end here, before any byte is stored. */
async function findExisting(projects: Projects, claim: Claim, record: FileRecord): Promise<FileRecord | undefined> {
  const found = await projects.findFile(claim.project, claim.filename)
  if (found === undefined) return undefined
  const { head, file, deleted } = found
  const problem = closedProblem(head) ?? (deleted && fileDeleted(claim.filename, deleted))
  if (problem !== undefined) throw problem
  if (file === undefined || file.sha256 === record.sha256) return file
  throw fileExists(claim.filename, file.sha256, record.sha256)
}

/**
 * The metadata of a source archive is kept as well: the pages and the JSON API show it. Installers are not told of it, as
 * they may not rely on it (PEP 643). Keys hold the digest, so a refused condition means that the very same bytes are there: an earlier try got this far.
 */
async function storeBytes(
  store: ObjectStore,
  { project, filename }: Claim,
  { sha256, provenanceSha256 }: FileRecord,
  {
    path,
    metadata,
    provenance,
  }: Pick<Received, 'provenance'> & { readonly path: string; readonly metadata: Uint8Array },
): Promise<void> {
  await Promise.all([
    store.writeFile(keys.file(project, sha256, filename), path, sha256),
    store.write(keys.fileMetadata(project, sha256, filename), metadata, 'absent'),
    provenance && store.write(keys.fileProvenance(project, sha256, provenanceSha256 ?? ''), provenance, 'absent'),
  ])
}
