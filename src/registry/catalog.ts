import { z } from 'zod'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { SharedRead } from '../objects/shared-read.ts'

/** Names of projects, one shard of 256. Written before a project's first commit: it may name one that has no head yet. */
export const shardDocument: DocumentType<readonly string[]> = {
  name: 'catalog shard',
  format: 1,
  schema: z.array(z.string()),
}

export interface Catalog {
  add(project: string): Promise<void>
  /** Names in order, and a version that changes with them. Fresh: one listing shows what changed in any shard. */
  names(): Promise<{ readonly names: readonly string[]; readonly version: string }>
}

export interface NameSearch {
  /** However it is spelled (PEP 503). */
  readonly prefix: string
  readonly after: string
  readonly limit: number
  readonly visible: (name: string) => boolean
}

/** Names that begin with a prefix, from after a name: a look-up, not a walk through all. */
export function namesWithPrefix(names: readonly string[], search: NameSearch): readonly string[] {
  const { prefix, after, limit, visible } = search
  const start = prefix.toLowerCase().replace(/[-_.]+/g, '-')
  const found: string[] = []
  for (let at = firstFrom(names, after > start ? after : start); at < names.length && found.length < limit; at++) {
    const name = names[at] ?? ''
    if (!name.startsWith(start)) break
    if (name !== after && visible(name)) found.push(name)
  }
  return found
}

/** Index of the first of the sorted names that is not before a text. */
function firstFrom(names: readonly string[], text: string): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

export function catalogIn(documents: Documents): Catalog {
  const { store } = documents
  const shards = new Map<string, { readonly version: string; readonly names: readonly string[] }>()
  let merged = { names: [] as readonly string[], version: '' }
  let mergedAt: number | undefined

  async function load(key: string, version: string): Promise<boolean> {
    if (shards.get(key)?.version === version) return false
    const found = await documents.read(shardDocument, key)
    shards.set(key, { version: found?.version ?? version, names: found?.value ?? [] })
    return true
  }

  async function merge(): Promise<void> {
    // Asked before the listing: a shard that is written meanwhile makes the next caller list again.
    const revision = store.revision?.(keys.catalogPrefix)
    const listed: [key: string, version: string][] = []
    for await (const { key, version } of store.list(keys.catalogPrefix)) listed.push([key, version])
    const changed = await Promise.all(listed.map(([key, version]) => load(key, version)))
    if (changed.includes(true)) {
      const names = [...shards.values()].flatMap((shard) => shard.names).sort()
      merged = { names, version: listed.map(([key]) => shards.get(key)?.version).join(' ') }
    }
    mergedAt = revision
  }

  const merging = new SharedRead(merge)
  return {
    async add(project) {
      await documents.update(shardDocument, keys.catalogShard(project), (names = []) =>
        names.includes(project) ? undefined : [...names, project].sort(),
      )
    },
    async names() {
      const revision = store.revision?.(keys.catalogPrefix)
      if (revision === undefined || revision !== mergedAt) await merging.next()
      return merged
    },
  }
}
