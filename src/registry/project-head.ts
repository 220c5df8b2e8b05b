import { type FileRecord, noAmendments, type ProjectHead } from './model.ts'

/** Records a segment holds. Reading, writing and compressing a head of this size takes about a millisecond. */
export const segmentSize = 256

/** What has to be written before the head that counts it: the segment's number and its records. */
export interface SealedSegment {
  readonly n: number
  readonly files: readonly FileRecord[]
}

/**
 * Moves the oldest records of a full head into a segment. Only records that are committed in this very head are sealed,
 * and their order never changes, so that two servers (or one, after a crash) make the same segment byte for byte.
 */
export function seal(head: ProjectHead): { readonly head: ProjectHead; readonly sealed?: SealedSegment } {
  if (head.files.length < segmentSize) return { head }
  const sealed = { n: head.segments, files: head.files.slice(0, segmentSize) }
  return { head: { ...head, segments: head.segments + 1, files: head.files.slice(segmentSize) }, sealed }
}

export function withFiles(head: ProjectHead, records: readonly FileRecord[]): ProjectHead {
  return { ...head, files: [...head.files, ...records] }
}

export function emptyHead(project: string, displayName: string): ProjectHead {
  return { project, displayName, status: 'active', segments: 0, files: [], amendments: noAmendments }
}

/** A sweep may need a head to mark before any upload was committed: that makes no project. */
export function hasRecords({ segments, files }: ProjectHead): boolean {
  return segments > 0 || files.length > 0
}
