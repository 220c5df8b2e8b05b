import { z } from 'zod'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'

/** Names of projects, one shard of 256. Written before a project's first commit: it may name one that has no head yet. */
const shardDocument: DocumentType<readonly string[]> = {
  name: 'catalog shard',
  format: 1,
  schema: z.array(z.string()),
}

export interface Catalog {
  add(project: string): Promise<void>
  /** Names in order, and a version that changes with them. Fresh: one listing shows what changed in any shard. */
  names(): Promise<{ readonly names: readonly string[]; readonly version: string }>
}

export function catalogIn(documents: Documents): Catalog {
  const shards = new Map<string, { readonly version: string; readonly names: readonly string[] }>()
  let merged = { names: [] as readonly string[], version: '' }

  async function load(key: string, version: string): Promise<boolean> {
    if (shards.get(key)?.version === version) return false
    const found = await documents.read(shardDocument, key)
    shards.set(key, { version: found?.version ?? version, names: found?.value ?? [] })
    return true
  }

  return {
    async add(project) {
      await documents.update(shardDocument, keys.catalogShard(project), (names = []) =>
        names.includes(project) ? undefined : [...names, project].sort(),
      )
    },
    async names() {
      const listed: [key: string, version: string][] = []
      for await (const { key, version } of documents.store.list(keys.catalogPrefix)) listed.push([key, version])
      const changed = await Promise.all(listed.map(([key, version]) => load(key, version)))
      if (changed.includes(true)) {
        const names = [...shards.values()].flatMap((shard) => shard.names).sort()
        const version = listed.map(([key]) => shards.get(key)?.version).join(' ')
        merged = { names, version }
      }
      return merged
    },
  }
}
