import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import { type Audit, audited } from '../audit/audit.ts'
import type { Amendment } from '../registry/amend.ts'
import type { Amender, Change } from '../registry/amender.ts'
import { projectStatuses } from '../registry/model.ts'
import { actorOf } from './actor.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { projectIn } from './project-in-path.ts'
import { parsed, readJson } from './request-body.ts'

export interface AmendmentRoutesPorts {
  readonly amender: Amender
  readonly audit: Audit
}

const reason = z.string().max(1_000)
export const reasonBody = z.strictObject({ reason: reason.optional() })
export const statusBody = z.strictObject({ status: z.enum(projectStatuses), reason: reason.optional() })

type Params = Readonly<Record<string, string>>

/** Yank, un-yank, delete and restore a release, or with its filename one file of it; set a project's status. */
export function amendmentRoutes(ports: AmendmentRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const manage = requireScope(access, 'manage')
  const json = readJson()
  const to = (kind: 'yank' | 'unyank' | 'delete' | 'restore'): Middleware => {
    return async (context) => {
      const { version = '', filename } = context['params'] as Params
      await amendAndAnswer(context, ports, access, { kind, version, filename, reason: reasonIn(context) })
    }
  }
  for (const verb of ['yank', 'unyank', 'restore'] as const) {
    router.post(`/projects/:project/:version/${verb}`, manage, json, to(verb))
    router.post(`/projects/:project/:version/:filename/${verb}`, manage, json, to(verb))
  }
  router.delete('/projects/:project/:version', manage, json, to('delete'))
  router.delete('/projects/:project/:version/:filename', manage, json, to('delete'))
  router.put('/projects/:project/status', manage, json, async (context) => {
    const { status, reason: why = '' } = parsed(statusBody, context.request.body ?? {}, 'The body')
    await amendAndAnswer(context, ports, access, { kind: 'status', status, reason: why })
  })
  return router
}

/** In the body, or as `?reason=`: a DELETE with a body is more than some clients can send. */
export function reasonIn(context: Context): string {
  const body = parsed(reasonBody, context.request.body ?? {}, 'The body')
  return body.reason ?? parsed(reason, context.query['reason'] ?? '', 'The reason')
}

async function amendAndAnswer(
  context: Context,
  ports: AmendmentRoutesPorts,
  access: Access,
  amendment: Amendment,
): Promise<void> {
  const project = projectIn(context)
  const { kind, reason: why } = amendment
  const event = { action: kind, actor: actorOf(context, access), project, ...targetOf(amendment), reason: why }
  const change = await audited(
    ports.audit,
    event,
    () => ports.amender.amend(project, amendment, identityOf(context).name),
    ({ changed, before, after, version }) => ({
      outcome: changed ? 'done' : 'unchanged',
      ...(version === undefined ? {} : { version }),
      before: { ...before },
      after: { ...after },
    }),
  )
  const { changed, version, after } = change
  context.body = { message: messageOf(project, amendment, change), changed, project, version, ...after }
}

function targetOf(amendment: Amendment): { version?: string; filename?: string } {
  if (amendment.kind === 'status') return {}
  const version = amendment.version.slice(0, 100)
  return amendment.filename === undefined ? { version } : { version, filename: amendment.filename.slice(0, 250) }
}

const done = { yank: 'yanked', unyank: 'no longer yanked', delete: 'deleted', restore: 'restored' } as const

function messageOf(project: string, amendment: Amendment, { changed, version }: Change): string {
  if (amendment.kind === 'status') {
    return `${project} is ${changed ? 'now ' : ''}${amendment.status}${changed ? '' : ' already: nothing changed'}.`
  }
  const what = amendment.filename ?? `${project} ${version}`
  if (!changed) return `${what} is so already: there was nothing to ${amendment.kind}.`
  return `${what} is ${done[amendment.kind]}.`
}
