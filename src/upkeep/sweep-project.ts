import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type ProjectHead, projectDocument } from '../registry/model.ts'
import { emptyHead } from '../registry/project-head.ts'
import type { Segments } from '../registry/segments.ts'
import { sweepDone, withSweep, withSweptTombstones } from '../registry/sweep-mark.ts'
import { inParallel } from './in-parallel.ts'
import { namesOf } from './listing.ts'
import type { Sweepable } from './sweepable.ts'

export interface SweepPorts {
  readonly documents: Documents
  readonly segments: Segments
  readonly clock: Clock
  /** Files of a project that a channel points at. */
  readonly neededBy: (project: string) => Promise<ReadonlyMap<string, string>>
  readonly settings: SweepSettings
  /** Names this process, and no other ever. */
  readonly holder: string
  /** Milliseconds since the epoch. On a store of one process, marks from before are those of a dead one. */
  readonly startedAt: number
  readonly signal?: AbortSignal
}

export interface SweepSettings {
  /** Milliseconds. Of bytes without a record. */
  readonly orphansAfter: number
  /** Milliseconds. Of deleted files, which can be restored until then. */
  readonly deletedAfter: number
}

export interface Swept {
  readonly key: string
  readonly size: number
  readonly why: 'orphan' | 'deleted' | 'deploy' | 'log' | 'token'
}

/** A removal must begin this soon after its mark was written, by the clock of who wrote it. Milliseconds. */
const mayRemoveFor = 60_000
/** A mark older than this is that of a dead process: others finish what it began. Far more than the time above. */
const abandonedAfter = 3_600_000
/** Files marked at once: keeps heads small. */
const batchSize = 200

/** Removes what was found, or only tells it. */
export async function sweepProject(
  ports: SweepPorts,
  project: string,
  found: Sweepable,
  dryRun: boolean,
): Promise<Swept[]> {
  const objects = (map: Sweepable['orphans'], why: Swept['why']) =>
    [...map.values()].flat().map(({ key, size }) => ({ key, size, why }))
  const all = [...objects(found.orphans, 'orphan'), ...objects(found.deleted, 'deleted')]
  if (dryRun) return all
  if (!(await finishAbandoned(ports, project))) return []
  await removeDeleted(ports, project, found)
  const names = [...found.orphans.keys()]
  for (let at = 0; at < names.length; at += batchSize) {
    const marked = await markOrphans(ports, project, names.slice(at, at + batchSize))
    await removeMarked(ports, project, marked)
  }
  return all
}

/** Nothing of these is restored once the head says so: removing may be repeated, or happen late, without any harm. */
async function removeDeleted(ports: SweepPorts, project: string, { deleted, newlySwept }: Sweepable): Promise<void> {
  if (newlySwept.length > 0) {
    await change(ports, project, (head) => {
      const still = newlySwept.filter((name) => name in head.amendments.deletedFiles)
      return withSweptTombstones(head, still)
    })
  }
  const head = (await ports.documents.read(projectDocument, keys.project(project)))?.value
  const entries = [...deleted].filter(([name]) => head !== undefined && isSwept(head, name.split('/')[0] ?? ''))
  await inParallel(
    8,
    entries.flatMap(([, objects]) => objects),
    ({ key }) => ports.documents.store.delete(key),
  )
}

function isSwept({ amendments }: ProjectHead, digest: string): boolean {
  return Object.values(amendments.deletedFiles).some(({ sha256, swept }) => sha256 === digest && swept === true)
}

/** False where another sweep is at work on the project. */
async function finishAbandoned(ports: SweepPorts, project: string): Promise<boolean> {
  const head = await ports.documents.read(projectDocument, keys.project(project))
  const mark = head?.value.sweep
  if (head === undefined || mark === undefined || mark.files.length === 0) return true
  const { clock, documents, startedAt } = ports
  const since = Date.parse(mark.at)
  const abandoned = clock.now() - since > abandonedAfter || (documents.store.exclusive && since < startedAt)
  if (!abandoned) return false
  const began = clock.monotonic()
  const at = new Date(clock.now()).toISOString()
  const taken = { ...head.value, sweep: { ...mark, at, by: ports.holder } }
  if ((await documents.replace(projectDocument, keys.project(project), taken, head)) === 'conflict') return false
  await removeMarked(ports, project, { names: mark.files, began })
  return true
}

interface Marked {
  readonly names: readonly string[]
  /** On the monotonic clock, before the mark was written. */
  readonly began: number
}

async function markOrphans(ports: SweepPorts, project: string, names: readonly string[]): Promise<Marked> {
  let marked: readonly string[] = []
  let began = 0
  await change(ports, project, async (head) => {
    if ((head.sweep?.files.length ?? 0) > 0) throw overtaken(project)
    const records = await ports.segments.allFiles(head)
    const committed = new Set(records.flatMap(namesOf))
    marked = names.filter((name) => !committed.has(name))
    began = ports.clock.monotonic()
    return withSweep(head, marked, new Date(ports.clock.now()).toISOString(), ports.holder)
  })
  return { names: marked, began }
}

async function removeMarked(ports: SweepPorts, project: string, { names, began }: Marked): Promise<void> {
  const { clock, documents, holder } = ports
  const objects = names.flatMap((name) => [
    `${keys.filesOf(project)}${name}`,
    `${keys.filesOf(project)}${name}.metadata`,
  ])
  await inParallel(8, objects, async (key) => {
    if (clock.monotonic() - began > mayRemoveFor) throw overtaken(project)
    await documents.store.delete(key)
  })
  await change(ports, project, (head) => {
    if (head.sweep?.by !== holder) throw overtaken(project)
    return sweepDone(head)
  })
}

const maxRounds = 60

async function change(
  { documents, clock }: SweepPorts,
  project: string,
  next: (head: ProjectHead) => ProjectHead | Promise<ProjectHead>,
): Promise<void> {
  const key = keys.project(project)
  for (let round = 0; round < maxRounds; round++) {
    const current = await documents.read(projectDocument, key)
    const head = await next(current?.value ?? emptyHead(project, project))
    if (current === undefined) {
      if ((await documents.create(projectDocument, key, head)).created) return
    } else if ((await documents.replace(projectDocument, key, head, current)) !== 'conflict') return
    await clock.sleep(Math.random() * Math.min(50, 2 ** round))
  }
  throw overtaken(project)
}

function overtaken(project: string): DomainError {
  return new DomainError('conflict', `The sweep of «${project}» was overtaken by others; the next one goes on with it.`)
}
