import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { allows } from '../identity/scopes.ts'
import { type Catalog, namesWithPrefix } from '../registry/catalog.ts'
import type { Projects } from '../registry/projects.ts'
import { releaseNamed } from '../registry/releases.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { projectIn } from './project-in-path.ts'
import { projectView, releaseView } from './project-views.ts'
import { parsed } from './request-body.ts'

export interface ProjectRoutesPorts {
  readonly catalog: Catalog
  readonly projects: Projects
  readonly externalUrl: string
}

export const listQuery = z.object({
  prefix: z.string().max(200).default(''),
  after: z.string().max(200).default(''),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** `GET /projects/`, `/projects/<project>` and `/projects/<project>/<version>`: what there is, as JSON. */
export function projectRoutes(ports: ProjectRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const read = requireScope(access, 'read')
  const { projects, externalUrl } = ports
  for (const path of ['/projects/', '/projects']) router.get(path, read, (context) => list(context, ports))
  router.get('/projects/:project', read, async (context) => {
    context.body = projectView(await projects.get(projectIn(context)), externalUrl)
  })
  router.get('/projects/:project/:version', read, async (context) => {
    const project = await projects.get(projectIn(context))
    const { version, files } = releaseNamed(project, context.params['version'] ?? '')
    context.body = {
      project: project.name,
      status: project.head.status,
      ...releaseView(project, version, files, externalUrl),
    }
  })
  return router
}

/** In the order of names, from after one: a page costs the same wherever it begins. */
async function list(context: Context, { catalog, externalUrl }: ProjectRoutesPorts): Promise<void> {
  const { prefix, after, limit } = parsed(listQuery, context.query, 'The query')
  const { names } = await catalog.names()
  const { scopes } = identityOf(context)
  const visible = (name: string) => allows(scopes, 'read', name)
  const found = namesWithPrefix(names, { prefix, after, limit: limit + 1, visible })
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const more = new URLSearchParams({ ...(prefix === '' ? {} : { prefix }), limit: String(limit), after: last ?? '' })
  context.body = {
    projects: shown.map((name) => ({ name, url: `${externalUrl}/projects/${name}` })),
    next: found.length > limit ? `${externalUrl}/projects/?${more}` : null,
  }
}
