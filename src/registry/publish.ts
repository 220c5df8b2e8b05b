import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { FormDifference } from '../packaging/form-comparison.ts'
import { parseVersion } from '../packaging/versions.ts'
import { provenanceOf } from './attestations.ts'
import type { Claim } from './claim.ts'
import type { Committer } from './committer.ts'
import { compareWithArchive, compareWithDigests } from './comparison.ts'
import type { AcceptedArchive } from './inspection.ts'
import type { FileRecord } from './model.ts'
import type { Projects } from './projects.ts'
import type { Digests } from './staging/messages.ts'
import type { StagedFile } from './staging/staging.ts'
import { type StoredOutcome, storeAndCommit } from './store-and-commit.ts'
import { sweepsSeen } from './sweep-mark.ts'
import { closedProblem, fileDeleted, fileExists, twinExists } from './upload-refusals.ts'

export interface Upload {
  readonly claim: Claim
  readonly staged: StagedFile
  /** Name of the token that uploads. */
  readonly by: string
}

export interface Published {
  readonly outcome: StoredOutcome
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
}

/**
 * Accepts a staged file: digests → archive → form against archive → attestations
 * → what is there already → bytes → commit. Until the commit nothing can be seen, after it nothing can be lost. Rejects with
 * `invalid-upload`, `digest-mismatch`, `file-exists` or `project-closed`; then nothing was stored.
 */
export async function publish(ports: PublishPorts, upload: Upload): Promise<Published> {
  const { claim } = upload
  const { size, digests } = upload.staged.result()
  compareWithDigests(claim, digests)
  const archive = await inspect(upload.staged, claim)
  const differences = compareWithArchive(claim, archive.metadata)
  const provenance = provenanceOf(claim.fields, { filename: claim.filename, sha256: digests.sha256 }, upload.by)
  const record = recordOf(claim, archive, { size, digests, provenance }, upload.by, ports.clock.now())
  const { existing, seen } = await findExisting(ports.projects, claim, record)
  if (existing !== undefined) return { outcome: 'same', record: existing, project: claim.project, differences }
  const { name: displayName, bytes: metadata } = archive.metadata
  const storing = { project: claim.project, displayName, record, path: upload.staged.path, metadata, provenance }
  const outcome = await storeAndCommit(ports, storing, seen)
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
    // The form may spell an equal version otherwise (PEP 440: 1.0 and 1.0.0): the archive's counts.
    version: parseVersion(archive.metadata.version)?.canonical ?? claim.version,
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
async function findExisting(projects: Projects, claim: Claim, record: FileRecord) {
  const found = await projects.findFile(claim.project, claim.filename)
  const seen = sweepsSeen(found?.head, record)
  if (found === undefined) return { existing: undefined, seen }
  const { head, file, deleted } = found
  const problem = closedProblem(head) ?? (deleted && fileDeleted(claim.filename, deleted))
  if (problem !== undefined) throw problem
  if (file !== undefined && file.sha256 !== record.sha256) throw fileExists(claim.filename, file.sha256, record.sha256)
  const twin = file === undefined ? await projects.findTwin(head, record) : undefined
  if (twin !== undefined) throw twinExists(record, twin)
  return { existing: file, seen }
}
