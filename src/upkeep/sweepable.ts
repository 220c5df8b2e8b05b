import { keys } from '../objects/keys.ts'
import type { ObjectEntry } from '../objects/object-store.ts'
import type { FileRecord, ProjectHead } from '../registry/model.ts'
import { fileOf, namesOf, type ProjectObjects } from './listing.ts'
import type { SweepPorts } from './sweep-project.ts'

/** What of a project may go: its objects by `<sha256>/<filename>`. */
export interface Sweepable {
  readonly orphans: ReadonlyMap<string, readonly ObjectEntry[]>
  readonly deleted: ReadonlyMap<string, readonly ObjectEntry[]>
  /** Filenames of deleted files whose time has come, and which the head does not call swept yet. */
  readonly newlySwept: readonly string[]
}

export async function sweepable(
  ports: Pick<SweepPorts, 'segments' | 'clock' | 'settings' | 'neededBy'>,
  { project, entries }: ProjectObjects,
  head: ProjectHead | undefined,
): Promise<Sweepable> {
  const records = head === undefined ? [] : await ports.segments.allFiles(head)
  const known = new Map(
    records.flatMap((record) => namesOf(record).map((name): [string, FileRecord] => [name, record])),
  )
  const over = head === undefined ? new Set<string>() : await deletedLongAgo(ports, project, head)
  const orphans = new Map<string, ObjectEntry[]>()
  const deleted = new Map<string, ObjectEntry[]>()
  for (const entry of entries) {
    const name = fileOf(entry.key).slice(keys.filesOf(project).length)
    const record = known.get(name)
    if (record !== undefined && over.has(record.filename)) add(deleted, name, entry)
    if (record === undefined && ports.clock.now() - entry.modified > ports.settings.orphansAfter)
      add(orphans, name, entry)
  }
  const newlySwept = [...over].filter((name) => head?.amendments.deletedFiles[name]?.swept === undefined)
  return { orphans, deleted, newlySwept }
}

/** Without those that a channel points at: promoted in the very moment of the deletion, they are to be restored. */
async function deletedLongAgo(
  { clock, settings, neededBy }: Pick<SweepPorts, 'clock' | 'settings' | 'neededBy'>,
  project: string,
  { amendments }: ProjectHead,
): Promise<ReadonlySet<string>> {
  const over = Object.entries(amendments.deletedFiles)
    .filter(([, { at, swept }]) => swept === true || clock.now() - Date.parse(at) > settings.deletedAfter)
    .map(([filename]) => filename)
  if (over.length === 0) return new Set()
  const needed = await neededBy(project)
  return new Set(over.filter((filename) => !needed.has(filename)))
}

function add(map: Map<string, ObjectEntry[]>, name: string, entry: ObjectEntry): void {
  map.set(name, [...(map.get(name) ?? []), entry])
}
