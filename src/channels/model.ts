import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'

export const pointerSchema = z.object({
  /** Counts the promotions of this channel of this project, from 1. */
  serial: z.int(),
  /** Canonical PEP 440 text. */
  version: z.string(),
  /** What was promoted, byte for byte: a wheel that is added to the release later is not part of it. */
  files: z.array(z.object({ filename: z.string(), sha256: z.string() })),
  /** ISO 8601. */
  at: z.string(),
  /** Name of the token. */
  by: z.string(),
  reason: z.string().optional(),
  /** Whether whoever promoted it passed over what was in the way. */
  force: z.boolean().optional(),
  /** Whether it was to bring back what was well before. */
  rollback: z.boolean().optional(),
  /** Names the attempt, so that one whose answer was lost is not made twice. */
  attempt: z.string(),
  /** Attempts that found it there already, and are to be told the same when they ask again. The last 20. */
  answered: z.array(z.string()).optional(),
})

/** One promotion: an entry of a channel's history, and the newest of them its current pointer. */
export type Pointer = Readonly<z.infer<typeof pointerSchema>>

/** `channels/<project>.json`: the history of each channel, oldest first, never empty. The last entry is current. */
export type Channels = Readonly<Record<string, readonly Pointer[]>>

export const channelsDocument: DocumentType<Channels> = {
  name: 'channels',
  format: 1,
  schema: z.record(z.string(), z.array(pointerSchema).min(1)),
}

export function currentOf(channels: Channels | undefined, channel: string): Pointer | undefined {
  return channels?.[channel]?.at(-1)
}

/** The same version with the very same files, in whatever order. */
export function isSameRelease(
  one: Pick<Pointer, 'version' | 'files'>,
  other: Pick<Pointer, 'version' | 'files'>,
): boolean {
  return one.version === other.version && digestsOf(one.files).join() === digestsOf(other.files).join()
}

export function digestsOf(files: Pointer['files']): readonly string[] {
  return files.map(({ sha256 }) => sha256).sort()
}
