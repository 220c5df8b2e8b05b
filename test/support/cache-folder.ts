import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A path in `.cache/` of the repository: git ignores it, and it may be deleted at any time. */
export function cachePath(...parts: readonly string[]): string {
  return join(fileURLToPath(new URL('../../.cache', import.meta.url)), ...parts)
}
