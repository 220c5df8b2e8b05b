import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'

/** One accepted file. Never changes; what is said of it later (yanks, tombstones) stands in the head's amendments. */
const fileRecord = z.object({
  filename: z.string(),
  /** Canonical PEP 440 text. */
  version: z.string(),
  filetype: z.enum(['bdist_wheel', 'sdist']),
  /** Bytes. */
  size: z.int(),
  /** Hex digests. */
  sha256: z.string(),
  /** BLAKE2b with 32 bytes of output, where the client sent it. */
  blake2b: z.string().optional(),
  /** Specifier text of the archive's own metadata. */
  requiresPython: z.string().optional(),
  /** SHA-256 (hex) of the wheel's METADATA, kept beside the file (PEP 658). */
  metadataSha256: z.string().optional(),
  /** SHA-256 (hex) of the provenance object that came with it (PEP 740), kept beside the file. */
  provenanceSha256: z.string().optional(),
  /** ISO 8601 with at most six fractional digits and Z, as PEP 700 wants it. */
  uploadedAt: z.string(),
  /** Name of the token that uploaded it. */
  uploadedBy: z.string(),
})

export type FileRecord = Readonly<z.infer<typeof fileRecord>>

/** Project status markers (PEP 792). */
export const projectStatuses = ['active', 'archived', 'quarantined', 'deprecated'] as const

export type ProjectStatus = (typeof projectStatuses)[number]

/** Who said something of a release or a file, when and why. */
const mark = z.object({
  /** ISO 8601. */
  at: z.string(),
  /** Name of the token. */
  by: z.string(),
  /** May be empty. */
  reason: z.string(),
})

export type Mark = Readonly<z.infer<typeof mark>>

const tombstone = mark.extend({
  /** Of the bytes that had the name: no others ever get it. */
  sha256: z.string(),
  /** The bytes are gone, and nothing can be restored. Set before they go, by the same compare-and-swap as all else. */
  swept: z.literal(true).optional(),
})

export type Tombstone = Readonly<z.infer<typeof tombstone>>

const amendments = z.object({
  /** By canonical version; counts for files that are uploaded to the release later, too. */
  yankedReleases: z.record(z.string(), mark),
  /** By filename. */
  yankedFiles: z.record(z.string(), mark),
  /** By filename. The records stay where they are, as segments never change. */
  deletedFiles: z.record(z.string(), tombstone),
})

/** What was said of files after they were accepted. */
export type Amendments = Readonly<z.infer<typeof amendments>>

export const noAmendments: Amendments = { yankedReleases: {}, yankedFiles: {}, deletedFiles: {} }

const sweepMark = z.object({
  /** Counts the sweeps of this project's bytes. */
  serial: z.int(),
  /** `<sha256>/<name>` of bytes without a record that are being removed, and that no commit takes. */
  files: z.array(z.string()),
  /** ISO 8601. */
  at: z.string(),
  /** Names the sweep, and no other ever. */
  by: z.string(),
})

export type SweepMark = Readonly<z.infer<typeof sweepMark>>

/** The state of a project: `projects/<project>.json`. A project exists once its head has a record. */
export interface ProjectHead {
  /** Normalised name (PEP 503). */
  readonly project: string
  /** As the first upload spelled it. */
  readonly displayName: string
  readonly status: ProjectStatus
  /** Of the last change of the status; absent while it never changed. */
  readonly statusMark?: Mark | undefined
  /** Segments 0 to segments - 1 are sealed: 256 older records each, oldest first. */
  readonly segments: number
  /** The newest records, oldest first. */
  readonly files: readonly FileRecord[]
  readonly amendments: Amendments
  /** Absent while nothing was swept yet. */
  readonly sweep?: SweepMark | undefined
}

/** Format 2 added status and amendments, 3 the mark of the sweep. A server that knows less must not write such a head: it would drop them. */
export const projectDocument: DocumentType<ProjectHead> = {
  name: 'project',
  format: 3,
  schema: z.object({
    project: z.string(),
    displayName: z.string(),
    status: z.enum(projectStatuses),
    statusMark: mark.optional(),
    segments: z.int(),
    files: z.array(fileRecord),
    amendments: amendments.default(noAmendments),
    sweep: sweepMark.optional(),
  }),
}

export const segmentDocument: DocumentType<readonly FileRecord[]> = {
  name: 'project segment',
  format: 1,
  schema: z.array(fileRecord),
}
