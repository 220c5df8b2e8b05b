import { DomainError } from '../errors.ts'
import type { Documents, Versioned } from '../objects/documents.ts'
import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import type { Catalog } from './catalog.ts'
import { type FileRecord, type ProjectHead, projectDocument } from './model.ts'
import { emptyHead, hasRecords, seal, withFiles } from './project-head.ts'
import type { Segments } from './segments.ts'
import { bytesAreSafe, type SweepsSeen } from './sweep-mark.ts'
import { inRelease, twinOf } from './twins.ts'
import { closedProblem, fileDeleted, fileExists, twinExists } from './upload-refusals.ts'

/**
 * `created`: this file is new. `same`: the very same bytes were there under this name before. `swept`: nothing was
 * committed, as a sweep may have taken the bytes since they were stored: store them again.
 */
export type CommitOutcome = 'created' | 'same' | 'swept'

export interface Committer {
  /**
   * Makes a file whose bytes are stored part of its project. Resolves once no crash can lose it; rejects with
   * `file-exists` where other bytes have or had the name, with `project-closed` where the project takes no uploads.
   * `displayName` counts for a project's first file; `seen` is what was seen of sweeps before the bytes were stored.
   */
  commit(project: string, displayName: string, record: FileRecord, seen?: SweepsSeen): Promise<CommitOutcome>
}

interface Waiting {
  readonly record: FileRecord
  readonly displayName: string
  readonly seen: SweepsSeen
  readonly resolve: (outcome: CommitOutcome) => void
  readonly reject: (error: unknown) => void
}

const maxRounds = 60

/**
 * Group commit: while one write of a project's head is under way, further uploads to it gather, and go out together in
 * the next one. 200 uploads at once cost a handful of writes.
 */
export function committerOn(
  documents: Documents,
  fresh: FreshDocuments,
  catalog: Catalog,
  segments: Segments,
): Committer {
  const queues = new Map<string, Waiting[]>()

  async function drain(project: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0)
      await commitBatch(project, batch).catch((error: unknown) => {
        for (const waiting of batch) waiting.reject(error)
      })
    }
    queues.delete(project)
  }

  async function commitBatch(project: string, batch: readonly Waiting[]): Promise<void> {
    for (let round = 0; round < maxRounds; round++) {
      const current = await fresh.newest(projectDocument, keys.project(project))
      if (current === undefined) await catalog.add(project)
      const head = headOf(project, current?.value, batch[0]?.displayName ?? project)
      const { outcomes, records } = judge(head, batch, await known(head, batch), await releases(head, batch))
      if (records.length > 0 && !(await swap(current, head, records))) continue
      settle(batch, outcomes)
      return
    }
    throw new DomainError('conflict', `Too many uploads to «${project}» at once. Nothing is lost; upload again.`)
  }

  async function known(head: ProjectHead, batch: readonly Waiting[]): Promise<readonly FileRecord[]> {
    const found = await Promise.all(batch.map(({ record }) => segments.find(head, record.filename)))
    return found.filter((file) => file !== undefined)
  }

  async function releases(head: ProjectHead, batch: readonly Waiting[]): Promise<readonly FileRecord[]> {
    const versions = [...new Set(batch.map(({ record }) => record.version))]
    return (await Promise.all(versions.map((version) => segments.ofRelease(head, version)))).flat()
  }

  async function swap(current: Versioned<ProjectHead> | undefined, head: ProjectHead, records: readonly FileRecord[]) {
    const { head: room, sealed } = seal(head)
    if (sealed !== undefined) await segments.seal(head.project, sealed)
    const next = withFiles(room, records)
    const key = keys.project(head.project)
    const written =
      current === undefined
        ? await documents.create(projectDocument, key, next)
        : await documents.replace(projectDocument, key, next, current)
    if (written === 'conflict' || ('created' in written && !written.created)) return false
    fresh.put(projectDocument, key, written)
    return true
  }

  return {
    commit(project, displayName, record, seen = 0) {
      return new Promise((resolve, reject) => {
        const waiting = { record, displayName, seen, resolve, reject }
        const queue = queues.get(project)
        if (queue !== undefined) return void queue.push(waiting)
        const started = [waiting]
        queues.set(project, started)
        void drain(project, started)
      })
    },
  }
}

/** One that only holds the mark of a sweep is named by the first upload. */
function headOf(project: string, current: ProjectHead | undefined, displayName: string): ProjectHead {
  if (current === undefined) return emptyHead(project, displayName)
  return hasRecords(current) ? current : { ...current, displayName }
}

type Verdict = CommitOutcome | DomainError

/** Which of the waiting files are new; the first of several with one name in a batch wins, as if it had come before. */
function judge(
  head: ProjectHead,
  batch: readonly Waiting[],
  existing: readonly FileRecord[],
  releases: readonly FileRecord[],
) {
  const closed = closedProblem(head)
  const known = new Map(existing.map((file) => [file.filename, file.sha256]))
  const records: FileRecord[] = []
  const outcomes = batch.map(({ record, seen }): Verdict => {
    const deleted = head.amendments.deletedFiles[record.filename]
    if (closed !== undefined) return closed
    if (deleted !== undefined) return fileDeleted(record.filename, deleted)
    const digest = known.get(record.filename)
    if (digest === record.sha256) return 'same'
    if (digest !== undefined) return fileExists(record.filename, digest, record.sha256)
    const twin = twinOf(record, head, [...releases, ...records])
    if (twin !== undefined) return twinExists(record, twin)
    if (!bytesAreSafe(head, record, seen)) return 'swept'
    known.set(record.filename, record.sha256)
    records.push(inRelease(record, [...releases, ...records]))
    return 'created'
  })
  return { outcomes, records }
}

function settle(batch: readonly Waiting[], outcomes: readonly Verdict[]): void {
  batch.forEach(({ resolve, reject }, n) => {
    const outcome = outcomes[n]
    if (typeof outcome === 'string') resolve(outcome)
    else reject(outcome)
  })
}
