import type { Clock } from '../clock.ts'
import { DomainError, isDomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore, WriteResult } from '../objects/object-store.ts'
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
    await storeBytes(ports, storing)
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
 * an earlier try got this far. For the same reason a write whose answer was lost is simply done again.
 */
async function storeBytes({ store, clock }: StorePorts, storing: Storing): Promise<void> {
  const { project, record, path, metadata, provenance } = storing
  const { sha256, filename, provenanceSha256 = '' } = record
  const write = (key: string, body: Uint8Array) => persistently(clock, () => store.write(key, body, 'absent'))
  const writes = await Promise.allSettled([
    persistently(clock, () => store.writeFile(keys.file(project, sha256, filename), path, sha256)),
    write(keys.fileMetadata(project, sha256, filename), metadata),
    provenance && write(keys.fileProvenance(project, sha256, provenanceSha256), provenance),
  ])
  // Told once all of them are over: whoever is told removes the file that is being read.
  for (const write of writes) if (write.status === 'rejected') throw write.reason
}

/** A gigabyte need not be sent once more by CI because an answer got lost. */
async function persistently(clock: Clock, write: () => Promise<WriteResult>): Promise<WriteResult> {
  for (const pause of [100, 400]) {
    try {
      return await write()
    } catch (error) {
      if (!isDomainError(error, 'storage-unavailable')) throw error
      await clock.sleep(pause)
    }
  }
  return await write()
}
