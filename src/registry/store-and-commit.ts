import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { CommitOutcome, Committer } from './committer.ts'
import type { FileRecord } from './model.ts'
import type { Projects } from './projects.ts'
import { type SweepsSeen, sweepsSeen } from './sweep-mark.ts'

export interface StorePorts {
  readonly store: ObjectStore
  readonly projects: Projects
  readonly committer: Committer
  readonly clock: Clock
}

export interface Storing {
  readonly project: string
  readonly displayName: string
  readonly record: FileRecord
  /** On local disk. */
  readonly path: string
  readonly metadata: Uint8Array
  readonly provenance: Uint8Array | undefined
}

export type StoredOutcome = Exclude<CommitOutcome, 'swept'>

/** About 15 seconds in all; a sweep marks bytes for less than one, unless it died in the middle. */
const mostRounds = 36

/** Bytes, then the commit; both again where a sweep came in between. `seen` of a head that was read before. */
export async function storeAndCommit(ports: StorePorts, storing: Storing, seen: SweepsSeen): Promise<StoredOutcome> {
  const { project, displayName, record } = storing
  let seenNow = seen
  for (let round = 0; round < mostRounds; round++) {
    await storeBytes(ports.store, storing)
    const outcome = await ports.committer.commit(project, displayName, record, seenNow)
    if (outcome !== 'swept') return outcome
    await ports.clock.sleep(Math.min(500, 20 * 2 ** round))
    seenNow = sweepsSeen((await ports.projects.findFile(project, record.filename))?.head, record)
  }
  const text =
    `What an earlier, unfinished upload left of ${record.filename} is being removed just now. Nothing was stored; ` +
    'upload again in a few minutes, at worst in an hour.'
  throw new DomainError('storage-unavailable', text, { filename: record.filename })
}

/**
 * The metadata of a source archive is kept as well: the pages and the JSON API show it. Installers are not told of it, as
 * they may not rely on it (PEP 643). Keys hold the digest, so a refused condition means that the very same bytes are there:
 * an earlier try got this far.
 */
async function storeBytes(store: ObjectStore, { project, record, path, metadata, provenance }: Storing): Promise<void> {
  const { sha256, filename, provenanceSha256 = '' } = record
  const writes = await Promise.allSettled([
    store.writeFile(keys.file(project, sha256, filename), path, sha256),
    store.write(keys.fileMetadata(project, sha256, filename), metadata, 'absent'),
    provenance && store.write(keys.fileProvenance(project, sha256, provenanceSha256), provenance, 'absent'),
  ])
  // Told once all of them are over: whoever is told removes the file that is being read.
  for (const write of writes) if (write.status === 'rejected') throw write.reason
}
