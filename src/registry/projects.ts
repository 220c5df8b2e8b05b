import { DomainError } from '../errors.ts'
import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import { sortVersions } from '../packaging/versions.ts'
import { type FileRecord, type ProjectHead, projectDocument } from './model.ts'
import type { Segments } from './segments.ts'

/** A project as it stands, ready for look-ups. Built once per version of its head. */
export interface Project {
  readonly name: string
  /** Changes whenever anything of the project does. */
  readonly version: string
  readonly head: ProjectHead
  readonly files: readonly FileRecord[]
  /** Files by canonical version; the keys are in PEP 440 order. */
  readonly releases: ReadonlyMap<string, readonly FileRecord[]>
}

export interface Projects {
  /** `undefined` where there is no such project. Fresh: shows all that was acknowledged before the call. */
  find(name: string): Promise<Project | undefined>
  /** One file by name; fresh as well, and without building the whole project. */
  findFile(name: string, filename: string): Promise<FileRecord | undefined>
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
      if (head === undefined) return undefined
      const known = built.get(name)
      if (known?.version === head.version) return known
      const project = build(head.value, head.version, await segments.allFiles(head.value))
      if (built.size >= keptProjects) built.clear()
      built.set(name, project)
      return project
    },
    async findFile(name, filename) {
      const head = await fresh.get(projectDocument, keys.project(name))
      return head && (await segments.find(head.value, filename))
    },
    async get(name) {
      const project = await projects.find(name)
      if (project !== undefined) return project
      throw new DomainError('project-not-found', `There is no project "${name}" here. Upload a release of it first.`, {
        project: name,
      })
    },
    async headVersion(name) {
      return (await fresh.get(projectDocument, keys.project(name)))?.version
    },
  }
  return projects
}

function build(head: ProjectHead, version: string, files: readonly FileRecord[]): Project {
  const grouped = new Map<string, FileRecord[]>()
  for (const file of files) {
    const release = grouped.get(file.version)
    if (release === undefined) grouped.set(file.version, [file])
    else release.push(file)
  }
  const releases = new Map(sortVersions([...grouped.keys()]).map((text) => [text, grouped.get(text) ?? []]))
  return {
    name: head.project,
    version,
    head,
    files,
    releases,
  }
}
