import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { type Audit, audited } from '../audit/audit.ts'
import { channelsDocument, currentOf } from '../channels/model.ts'
import { describeDeploy } from '../deploy/describe.ts'
import { type PromoteServicesPorts, promoteToServices, type ServicesPromotion } from '../deploy/promote-services.ts'
import { isOver, type Rollout } from '../deploy/rollout/model.ts'
import { untilOver } from '../deploy/watch.ts'
import { keys } from '../objects/keys.ts'
import { actorOf } from './actor.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { answerAs, deployView } from './deploys.ts'
import { projectIn } from './project-in-path.ts'
import { parsed, readJson } from './request-body.ts'

export const promotionBody = z.strictObject({ reason: z.string().max(1_000).optional() })
const waitSchema = z.coerce.number().min(0).max(86_400)

export interface PromoteRoutesPorts extends PromoteServicesPorts {
  readonly externalUrl: string
  readonly audit: Audit
}

/** `POST /promote/<project>/<version>` points a channel at a release; `GET /channels/<project>` has the history. */
export function promoteRoutes(ports: PromoteRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  router.post('/promote/:project/:version', requireScope(access, 'promote'), readJson(), (context) =>
    promoteRelease(context, ports, access),
  )
  router.get('/channels/:project', requireScope(access, 'read'), async (context) => {
    const project = await ports.projects.get(projectIn(context))
    const channels = (await ports.documents.read(channelsDocument, keys.channels(project.name)))?.value ?? {}
    const shown = ports.channels.map((channel) => [
      channel,
      { current: currentOf(channels, channel), history: channels[channel] ?? [] },
    ])
    context.body = { project: project.name, channels: Object.fromEntries(shown) }
  })
  return router
}

async function promoteRelease(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { reason } = parsed(promotionBody, context.request.body ?? {}, 'The body')
  const wait = parsed(waitSchema, context.query['wait'] ?? 0, '«wait», a number of seconds,')
  const project = projectIn(context)
  const channel = String(context.query['channel'] ?? ports.channels[0] ?? '')
  const version = String(context['params']['version']).slice(0, 100)
  const said = reason === undefined ? {} : { reason }
  const promotion = await audited(
    ports.audit,
    { action: 'promote', actor: actorOf(context, access), project, version, ...said },
    () => promoteToServices(ports, { project, version, channel, by: identityOf(context).name, ...said }),
    ({ changed, pointer, previous, deploys }) => ({
      outcome: changed ? 'done' : 'unchanged',
      version: pointer.version,
      before: { channel, version: previous?.version ?? null },
      after: { channel, version: pointer.version, serial: pointer.serial, deploys },
    }),
  )
  const gone = new AbortController()
  context.res.once('close', () => gone.abort())
  const rollouts = await untilOver(ports, promotion.deploys, wait, gone.signal)
  context.status = statusOf(rollouts)
  const message = messageOf(project, channel, promotion, rollouts)
  const { pointer, previous = null, changed } = promotion
  const deploys = rollouts.map((rollout) => deployView(rollout, ports.externalUrl))
  answerAs(context, { message, changed, project, channel, pointer, previous, deploys }, () =>
    [`${message}\n`, ...rollouts.map((rollout) => textOf(rollout, ports.externalUrl))].join('\n'),
  )
}

/**
 * For `curl -f` in CI: 200 only where all is as asked for. The worst service decides; never 5xx, so that `--retry` does not
 * promote once more what failed by itself.
 */
function statusOf(rollouts: readonly Rollout[]): number {
  const phases = rollouts.map(({ phase }) => phase)
  if (phases.some((phase) => ['failed', 'rolled_back', 'rollback_failed', 'aborted'].includes(phase))) return 424
  if (phases.includes('superseded')) return 409
  if (phases.some((phase) => !isOver(phase))) return 202
  return 200
}

function messageOf(
  project: string,
  channel: string,
  { pointer, previous, changed }: ServicesPromotion,
  rollouts: readonly Rollout[],
): string {
  const from = previous === undefined ? '' : ` (before: ${previous.version})`
  const again = previous?.version === pointer.version ? ', once more' : from
  if (changed) return `${channel} of ${project} is now ${pointer.version}${again}.`
  const running = rollouts.some(({ phase }) => !isOver(phase))
  return `${channel} of ${project} is ${pointer.version} already: ${running ? 'its deploy is under way' : 'nothing changed'}.`
}

function textOf(rollout: Rollout, externalUrl: string): string {
  return `${describeDeploy(rollout)}  ${externalUrl}/deploys/${rollout.deploy}\n`
}
