import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type FileRecord, type ProjectHead, segmentDocument } from './model.ts'
import type { SealedSegment } from './project-head.ts'
import { isOfRelease, releaseKey } from './releases.ts'

/** Segments never change, so what was read once is good for ever; the cache is bounded by the bytes of their JSON. */
export interface Segments {
  /** All records of a project, oldest first. */
  allFiles(head: ProjectHead): Promise<readonly FileRecord[]>
  load(project: string, n: number): Promise<readonly FileRecord[]>
  /** One file of a project by name, at a cost that does not grow with the number of files. */
  find(head: ProjectHead, filename: string): Promise<FileRecord | undefined>
  /** The files of a release, deleted ones too, however its version is spelled (PEP 440: 1.0 and 1.0.0 are one); at the same cost. */
  ofRelease(head: ProjectHead, version: string): Promise<readonly FileRecord[]>
  /** Create-only; resolves when the segment is there, whoever wrote it. */
  seal(project: string, segment: SealedSegment): Promise<void>
}

interface Segment {
  readonly files: readonly FileRecord[]
  readonly byName: ReadonlyMap<string, FileRecord>
  readonly byVersion: ReadonlyMap<string, readonly FileRecord[]>
  /** Of the stored JSON. */
  readonly bytes: number
}

export function segmentsIn(documents: Documents, maxBytes: number): Segments {
  const cache = new Map<string, Segment>()
  let bytes = 0

  function keep(key: string, entry: Segment): void {
    const before = cache.get(key)
    cache.delete(key)
    cache.set(key, entry)
    bytes += entry.bytes - (before?.bytes ?? 0)
    for (const [oldest, { bytes: size }] of cache) {
      if (bytes <= maxBytes) return
      cache.delete(oldest)
      bytes -= size
    }
  }

  async function segment(project: string, n: number): Promise<Segment> {
    const key = keys.projectSegment(project, n)
    const cached = cache.get(key)
    if (cached !== undefined) {
      keep(key, cached)
      return cached
    }
    const found = await documents.read(segmentDocument, key)
    if (found === undefined) {
      const text = `Segment ${n} of the project «${project}» is missing from the store, though its head counts it.`
      throw new DomainError('document-corrupt', text, { key })
    }
    const byName = new Map(found.value.map((file) => [file.filename, file]))
    const entry = { files: found.value, byName, byVersion: groupedByVersion(found.value), bytes: found.bytes }
    keep(key, entry)
    return entry
  }

  const sealed = (head: ProjectHead) =>
    Promise.all(Array.from({ length: head.segments }, (_, n) => segment(head.project, n)))

  return {
    load: async (project, n) => (await segment(project, n)).files,
    async find(head, filename) {
      const recent = head.files.find((file) => file.filename === filename)
      if (recent !== undefined) return recent
      for (const { byName } of await sealed(head)) {
        const found = byName.get(filename)
        if (found !== undefined) return found
      }
      return undefined
    },
    async ofRelease(head, version) {
      const release = releaseKey(version)
      const older = (await sealed(head)).flatMap(({ byVersion }) => byVersion.get(release) ?? [])
      return [...older, ...head.files.filter((file) => isOfRelease(file.version, release))]
    },
    async allFiles(head) {
      return [...(await sealed(head)).flatMap(({ files }) => files), ...head.files]
    },
    async seal(project, segment) {
      await documents.create(segmentDocument, keys.projectSegment(project, segment.n), segment.files)
    },
  }
}

function groupedByVersion(files: readonly FileRecord[]): ReadonlyMap<string, readonly FileRecord[]> {
  const grouped = new Map<string, FileRecord[]>()
  for (const file of files) {
    const key = releaseKey(file.version)
    const release = grouped.get(key)
    if (release === undefined) grouped.set(key, [file])
    else release.push(file)
  }
  return grouped
}
