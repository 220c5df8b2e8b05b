import { DomainError } from '../errors.ts'
import type { Versioned } from '../objects/documents.ts'
import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import { sortVersions } from '../packaging/versions.ts'
import { type DeletedFile, deletedFiles, type ListedFile, listed, listedFiles } from './amendments.ts'
import { type FileRecord, type ProjectHead, projectDocument, type Tombstone } from './model.ts'
import { hasRecords } from './project-head.ts'
import type { Segments } from './segments.ts'
import { twinOf } from './twins.ts'

/** A project as it stands, ready for look-ups. Built once per version of its head. */
export interface Project {
  readonly name: string
  /** Changes whenever anything of the project does. */
  readonly version: string
  /** Grows by one with each change. */
  readonly serial: number
  readonly head: ProjectHead
  /** Without the deleted ones, as in `releases`. */
  readonly files: readonly ListedFile[]
  /** Files by canonical version; the keys are in PEP 440 order. */
  readonly releases: ReadonlyMap<string, readonly ListedFile[]>
  /** Deleted ones whose names are kept. */
  readonly deleted: readonly DeletedFile[]
}

/** A file by name, and the state of the project that it is in. */
export interface FoundFile {
  readonly head: ProjectHead
  /** `undefined` where there is none, and where it was deleted. */
  readonly file: ListedFile | undefined
  readonly deleted: Tombstone | undefined
}

export interface Projects {
  /** `undefined` where there is no such project. Fresh: shows all that was acknowledged before the call. */
  find(name: string): Promise<Project | undefined>
  /** One file by name; fresh as well, and without building the whole project. `undefined` where there is no project. */
  findFile(name: string, filename: string): Promise<FoundFile | undefined>
  /** A file of the project beside which this one cannot be (see `twins.ts`). */
  findTwin(head: ProjectHead, record: FileRecord): Promise<FileRecord | undefined>
  /** Rejects with `project-not-found`. */
  get(name: string): Promise<Project>
  /** The version of the project's head alone, for caches in front. */
  headVersion(name: string): Promise<string | undefined>
}

const keptProjects = 2_000

export function projectsIn(fresh: FreshDocuments, segments: Segments): Projects {
  const built = new Map<string, Project>()

  const projects: Projects = {
    async find(name) {
      const head = await fresh.get(projectDocument, keys.project(name))
      if (head === undefined || !hasRecords(head.value)) return undefined
      const known = built.get(name)
      if (known?.version === head.version) return known
      const project = build(head, await segments.allFiles(head.value))
      if (built.size >= keptProjects) built.clear()
      built.set(name, project)
      return project
    },
    async findFile(name, filename) {
      const head = await fresh.get(projectDocument, keys.project(name))
      if (head === undefined) return undefined
      const record = await segments.find(head.value, filename)
      if (record === undefined) return { head: head.value, file: undefined, deleted: undefined }
      const deleted = head.value.amendments.deletedFiles[filename]
      return { head: head.value, file: listed(head.value, record), deleted }
    },
    async findTwin(head, record) {
      return twinOf(record, head, await segments.ofRelease(head, record.version))
    },
    async get(name) {
      const project = await projects.find(name)
      if (project !== undefined) return project
      throw new DomainError('project-not-found', `There is no project "${name}" here. Upload a release of it first.`, {
        project: name,
      })
    },
    async headVersion(name) {
      const head = await fresh.get(projectDocument, keys.project(name))
      return head !== undefined && hasRecords(head.value) ? head.version : undefined
    },
  }
  return projects
}

function build({ value: head, version, serial }: Versioned<ProjectHead>, records: readonly FileRecord[]): Project {
  const files = listedFiles(head, records)
  const grouped = new Map<string, ListedFile[]>()
  for (const file of files) {
    const release = grouped.get(file.version)
    if (release === undefined) grouped.set(file.version, [file])
    else release.push(file)
  }
  const releases = new Map(sortVersions([...grouped.keys()]).map((text) => [text, grouped.get(text) ?? []]))
  return {
    name: head.project,
    version,
    serial,
    head,
    files,
    releases,
    deleted: deletedFiles(head, records),
  }
}
