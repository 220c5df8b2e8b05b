import { DomainError } from '../errors.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { parseVersion } from '../packaging/versions.ts'
import type { ListedFile } from './amendments.ts'
import type { FinishedPage, FinishedPages } from './finished-pages.ts'
import { legacyDocument, type PlacedFile } from './legacy-document.ts'
import { legacyInfo } from './legacy-info.ts'
import type { Project, Projects } from './projects.ts'
import { releaseMetadata } from './release-metadata.ts'
import { releaseNamed } from './releases.ts'

/** PyPI's JSON of a project and of a release, as finished bytes. */
export interface LegacyPages {
  /** Of the release that a person would want, with all releases. Rejects with `project-not-found` or `release-not-found`. */
  project(name: string): Promise<FinishedPage>
  release(name: string, version: string): Promise<FinishedPage>
}

export interface LegacyPorts {
  readonly projects: Projects
  readonly store: ObjectStore
  readonly externalUrl: string
}

export function legacyPagesOf(ports: LegacyPorts, finished: FinishedPages): LegacyPages {
  const { projects } = ports
  return {
    async project(name) {
      const project = await projects.get(name)
      const version = newestWanted(project)
      return await finished.get(`pypi ${name}`, project.version, () => render(ports, project, version, true))
    },
    async release(name, text) {
      const project = await projects.get(name)
      const { version } = releaseNamed(offered(project), text)
      return await finished.get(`pypi ${name} ${version}`, project.version, () =>
        render(ports, project, version, false),
      )
    },
  }
}

async function render(ports: LegacyPorts, project: Project, version: string, withReleases: boolean): Promise<string> {
  const { externalUrl, store } = ports
  const place = (file: ListedFile): PlacedFile => ({
    record: file,
    url: `${externalUrl}/files/${project.name}/${file.sha256}/${file.filename}`,
    yankedReason: file.yanked?.reason,
  })
  const files = project.releases.get(version) ?? []
  const read = await releaseMetadata(store, project.name, files)
  if (read === undefined) throw noMetadata(project.name, version)
  const info = legacyInfo({
    metadata: read.metadata,
    description: read.description,
    version,
    projectPage: `${externalUrl}/projects/${project.name}`,
    releasePage: `${externalUrl}/projects/${project.name}/${version}`,
    yankedReason: files.every((file) => file.yanked) ? files[0]?.yanked?.reason : undefined,
  })
  const all = new Map([...project.releases].map(([known, placed]) => [known, placed.map(place)]))
  const releases = withReleases ? all : undefined
  return JSON.stringify(legacyDocument(info, files.map(place), project.serial, releases))
}

/** As PyPI chooses: the newest final release that is not yanked, else a pre-release, else what there is. */
function newestWanted(project: Project): string {
  const newest = [...offered(project).releases].reverse()
  const usable = newest.filter(([, files]) => files.some((file) => file.yanked === undefined))
  const final = usable.find(([version]) => parseVersion(version)?.isPrerelease === false)
  const [version] = final ?? usable[0] ?? newest[0] ?? []
  if (version !== undefined) return version
  const text = `"${project.name}" has no releases to show: all were deleted, or the project is quarantined.`
  throw new DomainError('release-not-found', text, { project: project.name })
}

/** PEP 792: of a quarantined project nothing is offered. */
function offered(project: Project): Project {
  return project.head.status === 'quarantined' ? { ...project, releases: new Map() } : project
}

function noMetadata(project: string, version: string): DomainError {
  const text = `Of ${project} ${version} no metadata was kept, so it cannot be described. Its files are on the index page.`
  return new DomainError('release-not-found', text, { project })
}
