import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { audited } from '../audit/audit.ts'
import { channelsDocument, currentOf } from '../channels/model.ts'
import { changeHold, describeHold } from '../deploy/holds.ts'
import { pin } from '../deploy/pin.ts'
import { promoteToServices } from '../deploy/promote-services.ts'
import { rollBack } from '../deploy/roll-back.ts'
import type { ServiceDefinition } from '../deploy/service-definition.ts'
import { channelOf } from '../deploy/subscriptions.ts'
import { DomainError } from '../errors.ts'
import { allows } from '../identity/scopes.ts'
import { keys } from '../objects/keys.ts'
import { actorOf } from './actor.ts'
import { reasonBody } from './amendments.ts'
import { type Access, identityOf, permitted, requireScope } from './authentication.ts'
import { answerAs } from './deploy-view.ts'
import { answerPromotion, attemptIn, auditOf, type PromoteRoutesPorts, waitQuery } from './promote.ts'
import { parsed, readJson } from './request-body.ts'

export const rollbackBody = z.strictObject({
  reason: z.string().max(1_000).optional(),
  /** False: the next promotion goes through as ever. */
  hold: z.boolean().optional(),
})

export const pinBody = z.strictObject({
  version: z.string().min(1).max(100),
  reason: z.string().max(1_000).optional(),
  /** Over whatever would refuse a promotion of it. */
  force: z.boolean().optional(),
})

/** `POST /services/<name>/hold`, `/release` (scope `deploy`), `/rollback`, `/pin` and `/relock` (scope `promote`: they move the channel). */
export function serviceActionRoutes(ports: PromoteRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const deploy = requireScope(access, 'deploy')
  router.post('/services/:name/hold', deploy, readJson(), (context) => holdService(context, ports, access))
  router.post('/services/:name/release', deploy, readJson(), (context) => releaseService(context, ports, access))
  router.post('/services/:name/rollback', requireScope(access, 'promote'), readJson(), (context) =>
    rollBackService(context, ports, access),
  )
  router.post('/services/:name/pin', requireScope(access, 'promote'), readJson(), (context) =>
    pinService(context, ports, access),
  )
  router.post('/services/:name/relock', requireScope(access, 'promote'), readJson(), (context) =>
    relockService(context, ports, access),
  )
  return router
}

interface NamedService {
  readonly service: string
  readonly definition: ServiceDefinition
}

/** The service that is named, for those who have the scope for its project. */
export function serviceIn(
  context: Context,
  { services }: Pick<PromoteRoutesPorts, 'services'>,
  scope: 'read' | 'deploy' | 'promote',
): NamedService {
  const service = String(context['params']['name']).slice(0, 100)
  const definition = Object.hasOwn(services, service) ? services[service] : undefined
  const { scopes } = identityOf(context)
  // Not 403 where neither is granted: that a service is there is not for those who have nothing to do with its project.
  const known = definition && (allows(scopes, scope, definition.project) || allows(scopes, 'read', definition.project))
  if (definition === undefined || !known) {
    const text = `There is no service "${service}". GET /services shows those that are configured.`
    throw new DomainError('service-not-found', text, { service })
  }
  permitted(identityOf(context), scope, definition.project)
  return { service, definition }
}

async function holdService(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'deploy')
  const { reason } = parsed(reasonBody, context.request.body ?? {}, 'The body')
  const said = reason === undefined ? {} : { reason }
  const hold = { by: identityOf(context).name, at: new Date(ports.clock.now()).toISOString(), ...said }
  const { project } = definition
  await audited(
    ports.audit,
    { action: 'hold', actor: actorOf(context, access), project, subject: service, ...said },
    () => changeHold(ports, service, hold),
    (before) => ({ outcome: 'done', before: { hold: before ?? null }, after: { hold } }),
  )
  const message = `${describeHold(service, hold)}. Promotions to it are refused until POST /services/${service}/release.`
  answerAs(context, { message, service, hold }, () => `${message}\n`)
}

async function releaseService(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'deploy')
  const { reason } = parsed(reasonBody, context.request.body ?? {}, 'The body')
  const { project } = definition
  const said = reason === undefined ? {} : { reason }
  const before = await audited(
    ports.audit,
    { action: 'release', actor: actorOf(context, access), project, subject: service, ...said },
    () => changeHold(ports, service, undefined),
    (hold) => ({ outcome: hold === undefined ? 'unchanged' : 'done', before: { hold: hold ?? null } }),
  )
  const message =
    before === undefined ? `${service} is not held: nothing changed.` : `${service} takes promotions again.`
  answerAs(context, { message, service, hold: null }, () => `${message}\n`)
}

async function rollBackService(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'promote')
  const { reason, hold = true } = parsed(rollbackBody, context.request.body ?? {}, 'The body')
  const { wait } = parsed(waitQuery, context.query, 'The query')
  const { project } = definition
  const channel = channelOf(service, definition)
  const attempt = attemptIn(context)
  const said = reason === undefined ? {} : { reason }
  const promotion = await audited(
    ports.audit,
    { action: 'rollback', actor: actorOf(context, access), project, subject: service, ...said },
    () => rollBack(ports, { service, definition, by: identityOf(context).name, hold, ...attempt, ...said }),
    (promoted) => auditOf(channel, promoted, { held: hold }),
  )
  const note = hold ? { note: `${service} is held: promotions wait for POST /services/${service}/release.` } : {}
  await answerPromotion(context, ports, wait, { ...promotion, project, channel, ...note })
}

async function pinService(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'promote')
  const { version, reason, force = false } = parsed(pinBody, context.request.body ?? {}, 'The body')
  const { wait } = parsed(waitQuery, context.query, 'The query')
  const { project } = definition
  const channel = channelOf(service, definition)
  const said = reason === undefined ? {} : { reason }
  const request = { service, definition, version, by: identityOf(context).name, force, ...attemptIn(context), ...said }
  const promotion = await audited(
    ports.audit,
    { action: 'pin', actor: actorOf(context, access), project, version, subject: service, ...said },
    () => pin(ports, request),
    (promoted) => auditOf(channel, promoted, { held: true, ...(force && { force }) }),
  )
  const note = `${service} is pinned: promotions wait for POST /services/${service}/release.`
  await answerPromotion(context, ports, wait, { ...promotion, project, channel, note })
}

async function relockService(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { service, definition } = serviceIn(context, ports, 'promote')
  const { reason } = parsed(reasonBody, context.request.body ?? {}, 'The body')
  const { wait } = parsed(waitQuery, context.query, 'The query')
  const { project } = definition
  const channel = channelOf(service, definition)
  const current = currentOf((await ports.documents.read(channelsDocument, keys.channels(project)))?.value, channel)
  if (current === undefined) {
    const text = `Nothing of ${project} was promoted to ${channel} yet: there is nothing to pin anew.`
    throw new DomainError('release-not-found', text, { service })
  }
  const { version } = current
  const said = { ...(reason === undefined ? {} : { reason }), ...attemptIn(context) }
  const promotion = await audited(
    ports.audit,
    {
      action: 'relock',
      actor: actorOf(context, access),
      project,
      version,
      subject: service,
      ...(reason && { reason }),
    },
    () => promoteToServices(ports, { project, version, channel, by: identityOf(context).name, relock: true, ...said }),
    (promoted) => auditOf(channel, promoted, { relock: true }),
  )
  const note = { note: `The dependencies of ${project} ${version} are looked for anew.` }
  await answerPromotion(context, ports, wait, { ...promotion, project, channel, ...note })
}
