import { keys } from '../objects/keys.ts'
import type { ObjectEntry, ObjectStore } from '../objects/object-store.ts'
import type { FileRecord } from '../registry/model.ts'

/** What lies below `files/` for one project. */
export interface ProjectObjects {
  readonly project: string
  readonly entries: readonly ObjectEntry[]
}

/** Bytes by project, in memory for one project at a time: keys come in order. */
async function* objectsByProject(store: ObjectStore): AsyncIterable<ProjectObjects> {
  let group: { readonly project: string; readonly entries: ObjectEntry[] } | undefined
  for await (const entry of store.list(keys.filePrefix)) {
    const project = entry.key.split('/')[1] ?? ''
    if (group !== undefined && group.project !== project) yield group
    if (group?.project !== project) group = { project, entries: [] }
    group.entries.push(entry)
  }
  if (group !== undefined) yield group
}

/** The key of the file that an object below `files/` belongs to: itself, or the one whose metadata it is. */
export function fileOf(key: string): string {
  return key.endsWith('.metadata') ? key.slice(0, -'.metadata'.length) : key
}

/** What a record has below `files/<project>/`, without the metadata of the file, which goes with it. */
export function namesOf({ sha256, filename, provenanceSha256 }: NamedFile): readonly string[] {
  const names = [`${sha256}/${filename}`]
  return provenanceSha256 === undefined ? names : [...names, `${sha256}/provenance-${provenanceSha256}`]
}

type NamedFile = Pick<FileRecord, 'sha256' | 'filename' | 'provenanceSha256'>

/** Heads and segments as they are listed. */
export interface ListedProject {
  readonly head: boolean
  readonly segments: readonly number[]
}

const headKey = /^projects\/([^/]+)\.json$/
const segmentKey = /^projects\/([^/]+)\/(\d+)\.json$/

export async function listProjects(store: ObjectStore): Promise<ReadonlyMap<string, ListedProject>> {
  const found = new Map<string, ListedProject>()
  for await (const { key } of store.list(keys.projectPrefix)) {
    const head = headKey.exec(key)?.[1]
    const [, project = head ?? '', n] = segmentKey.exec(key) ?? []
    if (project === '') continue
    const known = found.get(project) ?? { head: false, segments: [] }
    const segments = n === undefined ? known.segments : [...known.segments, Number(n)]
    found.set(project, { head: known.head || head !== undefined, segments })
  }
  return found
}

/** Those with bytes as the listing comes, then the others that were named and have none. */
export async function* everyProject(store: ObjectStore, others: Iterable<string>): AsyncIterable<ProjectObjects> {
  const seen = new Set<string>()
  for await (const objects of objectsByProject(store)) {
    seen.add(objects.project)
    yield objects
  }
  for (const project of new Set(others)) if (!seen.has(project)) yield { project, entries: [] }
}
