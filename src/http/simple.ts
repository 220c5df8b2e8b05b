import Router from '@koa/router'
import type { Context } from 'koa'
import type { ChannelPages } from '../channels/channel-pages.ts'
import { requireChannel } from '../channels/promote.ts'
import { DomainError } from '../errors.ts'
import { allows, allowsEverywhere, reachOf } from '../identity/scopes.ts'
import { parseProjectName } from '../packaging/names.ts'
import { availableCodings } from '../registry/compression.ts'
import type { FinishedPage } from '../registry/finished-pages.ts'
import type { Pages } from '../registry/pages.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { type Negotiated, type SimpleType, simpleNegotiation } from './negotiation.ts'
import { redirect, sendPage } from './send-page.ts'

/**
 * The simple API (PEP 503, 691): `/simple/` and `/simple/<project>/`. hatch takes every index but PyPI for devpi, and
 * looks under `+simple/` for what is there already.
 */
export function simpleRoutes(pages: Pages, access: Access): Router {
  const router = new Router({ strict: true })
  const negotiate = simpleNegotiation(availableCodings())
  const read = requireScope(access, 'read')

  for (const root of ['simple', '+simple']) {
    const path = `/${root.replace('+', '\\+')}`
    router.get(`${path}/`, read, async (context) => {
      const type = negotiate(context)
      await sendPage(context, type, await rootFor(context, pages, type))
    })
    router.get(`${path}/:project/`, read, (context) =>
      answerProject(context, negotiate, (project, type) => pages.project(project, type.format)),
    )
    addSlashes(router, path)
  }
  return router
}

/** PEP 503: URLs of pages end with a slash; who leaves it out is sent on. Nothing is told by it, so no token is needed. */
function addSlashes(router: Router, path: string): void {
  router.get(path, (context) => redirect(context, `${context.path.split('/').at(-1)}/`))
  router.get(`${path}/:project`, (context) => {
    const raw = context.params['project'] ?? ''
    redirect(context, `${encodeURIComponent(parseProjectName(raw) ?? raw)}/`)
  })
}

/** The same pages as seen from a channel: only what was promoted there. `channels` are those that there are now. */
export function channelRoutes(
  pages: ChannelPages & Pick<Pages, 'index' | 'indexOf'>,
  channels: () => readonly string[],
  access: Access,
): Router {
  const router = new Router({ strict: true })
  const negotiate = simpleNegotiation(availableCodings())
  const read = requireScope(access, 'read')
  router.get('/channels/:channel/simple/', read, async (context) => {
    requireChannel(channels(), context.params['channel'] ?? '')
    const type = negotiate(context)
    await sendPage(context, type, await rootFor(context, pages, type))
  })
  router.get('/channels/:channel/simple/:project/', read, async (context) => {
    const channel = context.params['channel'] ?? ''
    requireChannel(channels(), channel)
    await answerProject(context, negotiate, (project, type) => pages.project(channel, project, type.format))
  })
  addSlashes(router, '/channels/:channel/simple')
  return router
}

/** A token that reads some projects sees their names and no others. */
async function rootFor(
  context: Context,
  pages: Pick<Pages, 'index' | 'indexOf'>,
  { format }: SimpleType,
): Promise<FinishedPage> {
  const { scopes } = identityOf(context)
  if (allowsEverywhere(scopes, 'read')) return await pages.index(format)
  const visible = (project: string) => allows(scopes, 'read', project)
  return await pages.indexOf(format, { name: reachOf(scopes, 'read'), visible })
}

async function answerProject(
  context: Context & { readonly params: Readonly<Record<string, string>> },
  negotiate: (context: Context) => Negotiated,
  find: (project: string, type: SimpleType) => Promise<FinishedPage | undefined>,
): Promise<void> {
  const raw = context.params['project'] ?? ''
  const project = parseProjectName(raw)
  if (project !== undefined && project !== raw) return redirect(context, `../${project}/`)
  const type = negotiate(context)
  const page = project === undefined ? undefined : await find(project, type)
  if (page === undefined) throw noProject(raw)
  await sendPage(context, type, page)
}

function noProject(name: string): DomainError {
  const text = `There is no project "${name.slice(0, 100)}" on this index.`
  return new DomainError('project-not-found', text, { project: name.slice(0, 100) })
}
