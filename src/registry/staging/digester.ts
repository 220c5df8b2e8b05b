import { createHash } from 'node:crypto'
import blake2b from 'hash-wasm/dist/blake2b.umd.min.js'
import type { Algorithm, Digests } from './messages.ts'

interface Running {
  update(bytes: Uint8Array): unknown
  hex(): string
}

/** Several digests over one stream. BLAKE2b comes from WebAssembly: OpenSSL 3.0 has it with 64 bytes of output only. */
export async function digester(algorithms: readonly Algorithm[]) {
  const running = new Map<Algorithm, Running>()
  for (const algorithm of new Set<Algorithm>(['sha256', ...algorithms])) running.set(algorithm, await start(algorithm))
  return {
    update(bytes: Uint8Array): void {
      for (const hash of running.values()) hash.update(bytes)
    },
    digests(): Digests {
      const hex = Object.fromEntries([...running].map(([algorithm, hash]) => [algorithm, hash.hex()]))
      return { ...hex, sha256: hex['sha256'] ?? '' }
    },
  }
}

async function start(algorithm: Algorithm): Promise<Running> {
  if (algorithm === 'blake2b') {
    const hash = await blake2b.createBLAKE2b(256)
    return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') }
  }
  const hash = createHash(algorithm)
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') }
}
