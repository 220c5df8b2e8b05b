import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Amended, type Amendment, amend, type ProjectContent } from './amend.ts'
import { deletedFiles, listedFiles } from './amendments.ts'
import { projectDocument } from './model.ts'
import { hasRecords } from './project-head.ts'
import { versionMeant } from './releases.ts'
import type { Segments } from './segments.ts'

export interface AmenderPorts {
  readonly documents: Documents
  readonly segments: Segments
  readonly clock: Clock
  /** Which channel needs a file of the project now, by its name; asked before anything is deleted. */
  readonly neededBy: (project: string) => Promise<ReadonlyMap<string, string>>
}

export interface Change extends Pick<Amended, 'changed'> {
  /** Canonical, where a release was meant. */
  readonly version: string | undefined
  readonly before: Standing
  readonly after: Standing
}

/** What an amendment can change of what it aims at, for answers and for the audit. */
export interface Standing {
  readonly status: string
  readonly files: Readonly<Record<string, 'there' | 'yanked' | 'deleted'>>
}

export interface Amender {
  /**
   * Changes a project by one compare-and-swap, beside any number of uploads. Resolves once no crash can lose it. Rejects
   * with `project-not-found`, `release-not-found`, `file-not-found` or `amendment-refused`.
   */
  amend(project: string, amendment: Amendment, by: string): Promise<Change>
}

const maxRounds = 60

export function amenderOn(ports: AmenderPorts): Amender {
  const { documents, segments } = ports
  return {
    async amend(project, amendment, by) {
      const at = new Date(ports.clock.now()).toISOString()
      for (let round = 0; round < maxRounds; round++) {
        const current = await documents.read(projectDocument, keys.project(project))
        if (current === undefined || !hasRecords(current.value)) throw noProject(project)
        const content = { head: current.value, records: await segments.allFiles(current.value) }
        const aimed = aim(content, amendment)
        if (amendment.kind === 'delete') await refuseNeeded(ports, content, aimed)
        const { head, changed } = amend(content, aimed, { at, by })
        const written = changed
          ? await documents.replace(projectDocument, keys.project(project), head, current)
          : current
        if (written !== 'conflict') return changeOf(content, { head, changed }, aimed)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(50, 2 ** round)))
      }
      throw new DomainError('conflict', `Too many writers at once on «${project}». Nothing was changed; try again.`)
    },
  }
}

/** With the version as the records spell it. What is not there is left to be refused. */
function aim({ records }: ProjectContent, amendment: Amendment): Amendment {
  if (amendment.kind === 'status') return amendment
  const version = versionMeant(new Set(records.map((file) => file.version)), amendment.version)
  return { ...amendment, version: version ?? amendment.version.slice(0, 100) }
}

/** A node that is set up tomorrow installs what the channel points at. */
async function refuseNeeded({ neededBy }: AmenderPorts, content: ProjectContent, amendment: Amendment): Promise<void> {
  const needed = await neededBy(content.head.project)
  const name = Object.keys(standing(content, amendment).files).find((filename) => needed.has(filename))
  if (name === undefined) return
  const text = `${name} is what the channel ${needed.get(name)} points at: promote another release first, then delete this one. To stop installs of it at once, yank it.`
  throw new DomainError('amendment-refused', text, { project: content.head.project })
}

function changeOf(content: ProjectContent, { head, changed }: Amended, amendment: Amendment): Change {
  const version = amendment.kind === 'status' ? undefined : amendment.version
  const after = standing({ ...content, head }, amendment)
  return { changed, version, before: standing(content, amendment), after }
}

function standing({ head, records }: ProjectContent, amendment: Amendment): Standing {
  const files: Record<string, 'there' | 'yanked' | 'deleted'> = {}
  if (amendment.kind !== 'status') {
    const { version, filename } = amendment
    const meant = records.filter((file) => file.version === version && (filename ?? file.filename) === file.filename)
    for (const { filename: name, yanked } of listedFiles(head, meant)) files[name] = yanked ? 'yanked' : 'there'
    for (const { filename: name } of deletedFiles(head, meant)) files[name] = 'deleted'
  }
  return { status: head.status, files }
}

function noProject(project: string): DomainError {
  return new DomainError('project-not-found', `There is no project "${project}" here. Upload a release of it first.`, {
    project,
  })
}
