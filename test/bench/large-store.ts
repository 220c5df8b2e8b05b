import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { keys } from '../../src/objects/keys.ts'
import { noAmendments, type ProjectHead } from '../../src/registry/model.ts'

/** Writes the documents of many projects as the server would have, without the bytes of their files. */
export function writeLargeStore(folder: string, projects: number, filesEach: number): void {
  const shards = new Map<string, string[]>()
  mkdirSync(join(folder, 'objects', 'projects'), { recursive: true })
  for (let n = 0; n < projects; n++) {
    const project = `project-${String(n).padStart(6, '0')}`
    const shard = keys.catalogShard(project)
    shards.set(shard, [...(shards.get(shard) ?? []), project])
    write(folder, keys.project(project), head(project, filesEach))
  }
  for (const [key, names] of shards) write(folder, key, names)
}

function head(project: string, count: number): ProjectHead {
  const files = Array.from({ length: count }, (_, n) => {
    const filename = `${project.replace('-', '_')}-1.${n}-py3-none-any.whl`
    const sha256 = createHash('sha256').update(filename).digest('hex')
    return {
      filename,
      version: `1.${n}`,
      filetype: 'bdist_wheel' as const,
      size: 12_345,
      sha256,
      requiresPython: '>=3.9',
      metadataSha256: sha256,
      uploadedAt: '2026-01-01T00:00:00.000000Z',
      uploadedBy: 'ci',
    }
  })
  return { project, displayName: project, status: 'active', segments: 0, files, amendments: noAmendments }
}

function write(folder: string, key: string, value: unknown): void {
  const path = join(folder, 'objects', key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, JSON.stringify({ format: 1, serial: 1, writeId: 'benchmark', value }))
}
