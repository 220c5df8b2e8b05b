/** Bytes that can be read anywhere, synchronously: a file in a staging thread, or a buffer in a test. */
export interface RandomAccess {
  readonly size: number
  /** Bytes from `offset`; fewer than `length` only at the end. */
  read(offset: number, length: number): Uint8Array
}

/** What an archive did wrong, as a sentence for the uploader. */
export interface Problem {
  readonly ok: false
  readonly problem: string
}

export function problem(text: string): Problem {
  return { ok: false, problem: text }
}
