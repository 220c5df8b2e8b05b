import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'

/** Who did it, and from where. */
const actor = z.object({
  /** Id of the token; `admin` for the one of the configuration, `command` for a command beside the store. */
  token: z.string(),
  /** Name of the token, or of the user who gave the command. */
  name: z.string(),
  /** Address, as trusted proxies tell it. */
  from: z.string(),
})

export type Actor = Readonly<z.infer<typeof actor>>

const entry = z.object({
  id: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** "upload", "yank", "promote", "token-create": a program may have more than we know. */
  action: z.string(),
  actor,
  project: z.string().optional(),
  version: z.string().optional(),
  filename: z.string().optional(),
  /** Anything else that was changed: a token's id. */
  subject: z.string().optional(),
  outcome: z.enum(['done', 'unchanged', 'refused']),
  /** Why it was refused. */
  message: z.string().optional(),
  /** As the person gave it. */
  reason: z.string().optional(),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
})

export type AuditEntry = Readonly<z.infer<typeof entry>>

/** What happened, before it gets its id and its time. */
export type AuditEvent = Omit<AuditEntry, 'id' | 'at'>

/** `audit/<day>/<id>.json`, create-only: entries that came together, in the order in which they came. */
export const auditDocument: DocumentType<readonly AuditEntry[]> = {
  name: 'audit record',
  format: 1,
  schema: z.array(entry),
}
