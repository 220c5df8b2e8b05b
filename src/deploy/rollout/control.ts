import { z } from 'zod'
import { imposedSchema } from './freezes.ts'

export const controlKinds = ['pause', 'resume', 'abort', 'retry', 'exclude', 'approve', 'freezes'] as const

export type ControlKind = (typeof controlKinds)[number]

export const controlSchema = z.object({
  /** From 1, without gaps: each is taken once, in this order. */
  number: z.int().min(1),
  /** Tells two that are alike apart. */
  id: z.string(),
  kind: z.enum(controlKinds),
  /** For `exclude`. */
  node: z.string().optional(),
  by: z.string(),
  /** Whose token that is, where it differs: two tokens of one person are one person. */
  account: z.string().optional(),
  /** ISO 8601. */
  at: z.string(),
  reason: z.string().optional(),
  /** For `freezes`. */
  imposed: imposedSchema.optional(),
})

/** What a person told a deploy to do. */
export type Control = Readonly<z.infer<typeof controlSchema>>

export const approvalSchema = controlSchema.pick({ by: true, account: true, at: true, reason: true })

/** How many people have to approve, and for how long it waits for them. */
export const approvalsSchema = z.object({ needed: z.int().min(1), expireHours: z.number() })

export type Approval = Readonly<z.infer<typeof approvalSchema>>
