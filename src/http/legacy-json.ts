import Router from '@koa/router'
import type { Context } from 'koa'
import { availableCodings, type Coding } from '../registry/compression.ts'
import type { FinishedPage } from '../registry/finished-pages.ts'
import type { LegacyPages } from '../registry/legacy-pages.ts'
import { type Access, requireScope } from './authentication.ts'
import { codingNegotiation } from './negotiation.ts'
import { projectIn } from './project-in-path.ts'
import { redirect, sendPage } from './send-page.ts'

/** `GET /pypi/<project>/json` and `/pypi/<project>/<version>/json`, as PyPI has them (https://docs.pypi.org/api/json/). */
export function legacyJsonRoutes(pages: LegacyPages, access: Access): Router {
  const router = new Router({ strict: true })
  const read = requireScope(access, 'read')
  const negotiate = codingNegotiation(availableCodings())
  const answer = async (context: Context, find: (project: string) => Promise<FinishedPage>, up: string) => {
    const raw = String(context['params']['project'])
    const project = projectIn(context)
    if (project !== raw) return redirect(context, `${up}${[project, ...context.path.split('/').slice(3)].join('/')}`)
    const coding: Coding | undefined = negotiate(context)
    await sendPage(context, { contentType: 'application/json', coding }, await find(project))
  }
  router.get('/pypi/:project/json', read, (context) => answer(context, (project) => pages.project(project), '../'))
  router.get('/pypi/:project/:version/json', read, (context) =>
    answer(context, (project) => pages.release(project, context.params['version'] ?? ''), '../../'),
  )
  return router
}
