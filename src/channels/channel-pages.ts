import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import type { FinishedPage, FinishedPages } from '../registry/finished-pages.ts'
import type { PageFormat } from '../registry/pages.ts'
import { htmlPage, jsonPage, shownOf } from '../registry/project-page.ts'
import type { Project, Projects } from '../registry/projects.ts'
import { channelsDocument, currentOf, type Pointer } from './model.ts'

/** The index of a channel: of a project that has a pointer there exactly what was promoted, other projects whole. */
export interface ChannelPages {
  /** `undefined` where there is no such project. */
  project(channel: string, name: string, format: PageFormat): Promise<FinishedPage | undefined>
}

/** `site`: how clients reach the server, without a slash at the end. */
export function channelPagesOf(
  projects: Projects,
  fresh: FreshDocuments,
  site: string,
  finished: FinishedPages,
): ChannelPages {
  return {
    async project(channel, name, format) {
      const [project, channels] = await Promise.all([
        projects.find(name),
        fresh.get(channelsDocument, keys.channels(name)),
      ])
      if (project === undefined) return undefined
      const pointer = currentOf(channels?.value, channel)
      const version = `${project.version} ${pointer?.serial ?? 0}`
      return await finished.get(`${channel} ${name} ${format}`, version, () => {
        const page = { ...shownOf(project.head, promotedOf(project, pointer)), toRoot: '../../../../', site }
        return format === 'json' ? jsonPage(page) : htmlPage(page)
      })
    },
  }
}

/** By filename and digest: a wheel that was added to the release later was not promoted. */
function promotedOf(
  project: Project,
  pointer: Pointer | undefined,
): Pick<Project, 'files'> & { versions: readonly string[] } {
  if (pointer === undefined) return { files: project.files, versions: [...project.releases.keys()] }
  const digests = new Map(pointer.files.map(({ filename, sha256 }) => [filename, sha256]))
  const files = project.files.filter((file) => digests.get(file.filename) === file.sha256)
  return { files, versions: files.length === 0 ? [] : [pointer.version] }
}
