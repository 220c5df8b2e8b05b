/** Bytes that can be read anywhere, synchronously: a file in a staging thread, or a buffer in a test. */
export interface RandomAccess {
  readonly size: number
  /** Bytes from `offset`; fewer than `length` only at the end. */
  read(offset: number, length: number): Uint8Array
}
