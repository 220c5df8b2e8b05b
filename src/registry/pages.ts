import type { Catalog } from './catalog.ts'
import { type FinishedPage, type FinishedPages, finishedPage } from './finished-pages.ts'
import { htmlIndex, htmlPage, jsonIndex, jsonPage, type ProjectPage, shownOf } from './project-page.ts'
import type { Project, Projects } from './projects.ts'

export type PageFormat = 'json' | 'html'

/** The pages of the index, as finished bytes. */
export interface Pages {
  index(format: PageFormat): Promise<FinishedPage>
  /** The root for who may not see all of it: made for each request, and never kept. */
  indexOf(format: PageFormat, visible: (project: string) => boolean): Promise<FinishedPage>
  /** `undefined` where there is no such project. */
  project(name: string, format: PageFormat): Promise<FinishedPage | undefined>
}

/** `site`: how clients reach the server, without a slash at the end. */
export function pagesOf(projects: Projects, catalog: Catalog, site: string, finished: FinishedPages): Pages {
  return {
    async indexOf(format, visible) {
      const names = (await catalog.names()).names.filter(visible)
      return await finishedPage(() => (format === 'json' ? jsonIndex(names) : htmlIndex(names)))
    },
    async index(format) {
      const { names, version } = await catalog.names()
      return await finished.get(`index ${format}`, version, () =>
        format === 'json' ? jsonIndex(names) : htmlIndex(names),
      )
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
