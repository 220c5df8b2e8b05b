import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type FileRecord, type ProjectHead, segmentDocument } from './model.ts'
import type { SealedSegment } from './project-head.ts'

/** Segments never change, so what was read once is good for ever; the cache is bounded by the bytes of their JSON. */
export interface Segments {
  /** All records of a project, oldest first. */
  allFiles(head: ProjectHead): Promise<readonly FileRecord[]>
  load(project: string, n: number): Promise<readonly FileRecord[]>
  /** Create-only; resolves when the segment is there, whoever wrote it. */
  seal(project: string, segment: SealedSegment): Promise<void>
}

export function segmentsIn(documents: Documents, maxBytes: number): Segments {
  const cache = new Map<string, { readonly files: readonly FileRecord[]; readonly bytes: number }>()
  let bytes = 0

  function keep(key: string, entry: { files: readonly FileRecord[]; bytes: number }): void {
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

  const segments: Segments = {
    async load(project, n) {
      const key = keys.projectSegment(project, n)
      const cached = cache.get(key)
      if (cached !== undefined) {
        keep(key, cached)
        return cached.files
      }
      const found = await documents.read(segmentDocument, key)
      if (found === undefined) {
        const text = `Segment ${n} of the project «${project}» is missing from the store, though its head counts it.`
        throw new DomainError('document-corrupt', text, { key })
      }
      keep(key, { files: found.value, bytes: found.bytes })
      return found.value
    },
    async allFiles(head) {
      const numbers = Array.from({ length: head.segments }, (_, n) => n)
      const sealed = await Promise.all(numbers.map((n) => segments.load(head.project, n)))
      return [...sealed.flat(), ...head.files]
    },
    async seal(project, segment) {
      await documents.create(segmentDocument, keys.projectSegment(project, segment.n), segment.files)
    },
  }
  return segments
}
