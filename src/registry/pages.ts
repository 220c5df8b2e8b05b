import type { Catalog } from './catalog.ts'
import type { FinishedPage, FinishedPages } from './finished-pages.ts'
import { htmlIndex, htmlPage, jsonIndex, jsonPage, type ProjectPage, shownOf } from './project-page.ts'
import type { Project, Projects } from './projects.ts'

export type PageFormat = 'json' | 'html'

/** A part of all projects; two with the same name must show the same. */
export interface Selection {
  readonly name: string
  readonly visible: (project: string) => boolean
}

/** The pages of the index, as finished bytes. */
export interface Pages {
  index(format: PageFormat): Promise<FinishedPage>
  /** The root for who may not see all of it. */
  indexOf(format: PageFormat, selection: Selection): Promise<FinishedPage>
  /** `undefined` where there is no such project. */
  project(name: string, format: PageFormat): Promise<FinishedPage | undefined>
}

/** `site`: how clients reach the server, without a slash at the end. */
export function pagesOf(projects: Projects, catalog: Catalog, site: string, finished: FinishedPages): Pages {
  const indexIn = (format: PageFormat) => (format === 'json' ? jsonIndex : htmlIndex)
  return {
    // No project has a slash in its name: its page and these are never taken for each other.
    async indexOf(format, selection) {
      const { names, version } = await catalog.names()
      const render = () => indexIn(format)(names.filter(selection.visible))
      return await finished.get(`/ ${format} ${selection.name}`, version, render)
    },
    async index(format) {
      const { names, version } = await catalog.names()
      return await finished.get(`/ ${format}`, version, () => indexIn(format)(names))
    },
    async project(name, format) {
      const version = await projects.headVersion(name)
      if (version === undefined) return undefined
      return await finished.get(`${name} ${format}`, version, async () => {
        const page = pageOf(await projects.get(name), site)
        return format === 'json' ? jsonPage(page) : htmlPage(page)
      })
    },
  }
}

function pageOf(project: Project, site: string): ProjectPage {
  const versions = [...project.releases.keys()]
  return { ...shownOf(project.head, { versions, files: project.files }), toRoot: '../../', site }
}
