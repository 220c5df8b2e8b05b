/** Bytes that can be read anywhere, synchronously: a file in a staging thread, or a buffer in a test. */
export interface RandomAccess {
  readonly size: number
  /** Bytes from `offset`; fewer than `length` only at the end. They may lie in `into`, which the caller then lends. */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array
}
