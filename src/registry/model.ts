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
  /** ISO 8601 with at most six fractional digits and Z, as PEP 700 wants it. */
  uploadedAt: z.string(),
  /** Name of the token that uploaded it. */
  uploadedBy: z.string(),
})

export type FileRecord = Readonly<z.infer<typeof fileRecord>>

/** The state of a project: `projects/<project>.json`. A project exists once its head does. */
export interface ProjectHead {
  /** Normalised name (PEP 503). */
  readonly project: string
  /** As the first upload spelled it. */
  readonly displayName: string
  /** Project status (PEP 792). */
  readonly status: 'active'
  /** Segments 0 to segments - 1 are sealed: 256 older records each, oldest first. */
  readonly segments: number
  /** The newest records, oldest first. */
  readonly files: readonly FileRecord[]
}

export const projectDocument: DocumentType<ProjectHead> = {
  name: 'project',
  format: 1,
  schema: z.object({
    project: z.string(),
    displayName: z.string(),
    status: z.literal('active'),
    segments: z.int(),
    files: z.array(fileRecord),
  }),
}

export const segmentDocument: DocumentType<readonly FileRecord[]> = {
  name: 'project segment',
  format: 1,
  schema: z.array(fileRecord),
}
