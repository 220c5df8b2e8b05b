import type { Inspection } from '../inspection.ts'

/** What the server's thread asks of a staging thread. One session is one upload. */
export type StagingRequest =
  | {
      readonly kind: 'open'
      readonly session: number
      readonly path: string
      readonly algorithms: readonly Algorithm[]
    }
  | { readonly kind: 'chunk'; readonly session: number; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly session: number }
  | { readonly kind: 'inspect'; readonly session: number; readonly filename: string }
  | { readonly kind: 'discard'; readonly session: number; readonly path: string }

export type StagingAnswer =
  | { readonly kind: 'written'; readonly session: number; readonly bytes: number }
  | { readonly kind: 'finished'; readonly session: number; readonly size: number; readonly digests: Digests }
  | { readonly kind: 'inspected'; readonly session: number; readonly inspection: Inspection }
  | { readonly kind: 'failed'; readonly session: number; readonly message: string; readonly errno?: string }

/** The digests a client can send with an upload; `blake2b` has 32 bytes of output, as PyPI's `blake2_256_digest`. */
export type Algorithm = 'sha256' | 'blake2b' | 'md5'

/** Hex. */
export type Digests = Readonly<Partial<Record<Algorithm, string>>> & { readonly sha256: string }
