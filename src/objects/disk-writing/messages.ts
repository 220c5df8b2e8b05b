import type { DiskWrite, DiskWriteOutcome } from './write.ts'

/** What the server's thread asks of a disk-writing thread. One session is one write. */
export interface DiskWriteRequest {
  readonly session: number
  readonly write: DiskWrite
}

/** An error's `code` is lost on the way between threads, and goes beside it. */
export type DiskWriteAnswer = { readonly session: number } & (
  | { readonly outcome: DiskWriteOutcome }
  | { readonly message: string; readonly errno?: string }
)
