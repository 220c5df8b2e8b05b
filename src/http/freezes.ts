import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { type Audit, audited } from '../audit/audit.ts'
import { describeFreeze, shownFreezes } from '../deploy/describe-freezes.ts'
import type { ServiceDefinitions } from '../deploy/reconcile.ts'
import type { RequestPorts } from '../deploy/request-deploy.ts'
import type { ImposedFreeze } from '../deploy/rollout/freezes.ts'
import { freezeService, thawService } from '../deploy/service-freezes.ts'
import { serviceDocument } from '../deploy/service-state.ts'
import { keys } from '../objects/keys.ts'
import { actorOf } from './actor.ts'
import { reasonIn } from './amendments.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { answerAs } from './deploy-view.ts'
import { parsed, readJson } from './request-body.ts'
import { serviceIn } from './service-actions.ts'

export const freezeBody = z.strictObject({
  /** 2026-12-23T18:00, or a weekday with a time, or a time; now where left out. */
  from: z.string().max(100).optional(),
  /** In the same form. */
  until: z.string().max(100),
  zone: z.string().max(100).optional(),
  reason: z.string().min(1).max(1_000),
})

export interface FreezeRoutesPorts extends RequestPorts {
  readonly services: ServiceDefinitions
  readonly audit: Audit
}

/** `POST` and `GET /services/<name>/freezes`, `DELETE /services/<name>/freezes/<id>`; to change them takes the scope `deploy`, as holds do. */
export function freezeRoutes(ports: FreezeRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const deploy = requireScope(access, 'deploy')
  const read = requireScope({ ...access, anonymousRead: false }, 'read')
  router.post('/services/:name/freezes', deploy, readJson(), (context) => freeze(context, ports, access))
  router.get('/services/:name/freezes', read, (context) => listFreezes(context, ports))
  router.delete('/services/:name/freezes/:id', deploy, readJson(), (context) => thaw(context, ports, access))
  return router
}

async function freeze(context: Context, ports: FreezeRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'deploy')
  const { from, zone, ...wanted } = parsed(freezeBody, context.request.body ?? {}, 'The body')
  const { name: by } = identityOf(context)
  const request = { ...wanted, by, ...(from === undefined ? {} : { from }), ...(zone === undefined ? {} : { zone }) }
  const { project } = definition
  const made = await audited(
    ports.audit,
    { action: 'freeze', actor: actorOf(context, access), project, subject: service, reason: wanted.reason },
    () => freezeService(ports, service, request),
    (after) => ({ outcome: 'done', after: { freeze: after } }),
  )
  const { id, from: begins, to, zone: clocks } = made
  const message =
    `${service} is frozen from ${begins} to ${to} ${clocks}: promotions are refused, and a deploy under way waits before its next ` +
    `wave. To end it: wheelhouse thaw ${service} ${id}, or DELETE /services/${service}/freezes/${id}.`
  context.status = 201
  answerAs(context, { message, service, freeze: viewOf(made) }, () => `${message}\n`)
}

async function listFreezes(context: Context, ports: FreezeRoutesPorts): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'read')
  const state = (await ports.documents.read(serviceDocument, keys.service(service)))?.value
  const shown = shownFreezes(definition, state, ports.clock.now())
  answerAs(context, { service, ...shown }, () =>
    shown.freezes.length === 0
      ? `${service} has no freezes.\n`
      : shown.freezes.map((one) => `${describeFreeze(one)}\n`).join(''),
  )
}

async function thaw(context: Context, ports: FreezeRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'deploy')
  const reason = reasonIn(context)
  const id = String(context['params']['id'])
  const { project } = definition
  const said = reason === '' ? {} : { reason }
  const before = await audited(
    ports.audit,
    { action: 'thaw', actor: actorOf(context, access), project, subject: service, ...said },
    () => thawService(ports, service, { id, by: identityOf(context).name }),
    (was) => ({ outcome: 'done', before: { freeze: was } }),
  )
  const message =
    `The freeze ${id} of ${service} (${before.reason}) is over. A deploy that it paused waits for a person: POST ` +
    `/deploys/<id>/resume.`
  answerAs(context, { message, service, freeze: null }, () => `${message}\n`)
}

function viewOf({ to, ...freeze }: ImposedFreeze) {
  return { ...freeze, until: to, source: 'api' }
}
