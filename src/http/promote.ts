import { createHash } from 'node:crypto'
import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { type Audit, audited } from '../audit/audit.ts'
import { channelsDocument, currentOf } from '../channels/model.ts'
import type { PromotionRequest } from '../channels/promote.ts'
import { describeDeploy } from '../deploy/describe.ts'
import { describePlan } from '../deploy/describe-plan.ts'
import type { PromotionPlan } from '../deploy/dry-run.ts'
import { type PromoteServicesPorts, promoteToServices, type ServicesPromotion } from '../deploy/promote-services.ts'
import { isOver, type Phase, type Rollout } from '../deploy/rollout/model.ts'
import { channelsFor } from '../deploy/subscriptions.ts'
import { follow, type SeenDeploy, type WatchPorts, watchUntil } from '../deploy/watch.ts'
import { keys } from '../objects/keys.ts'
import { actorOf } from './actor.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { clientGone } from './client-gone.ts'
import { answerAs, deployView } from './deploy-view.ts'
import { liveFormOf, sendLive } from './live.ts'
import { projectIn } from './project-in-path.ts'
import { parsed, readJson } from './request-body.ts'

export const promotionBody = z.strictObject({
  reason: z.string().max(1_000).optional(),
  /** A yanked release too, and services that are held. */
  force: z.boolean().optional(),
})
/** Seconds. */
export const waitQuery = z.object({ wait: z.coerce.number().min(0).max(86_400).default(0) })
export const promotionQuery = waitQuery.extend({
  /** The first one configured, where left out. */
  channel: z.string().max(100).optional(),
  /** Only look: what would be done, and whether the nodes are fit for it. */
  dry_run: z.enum(['true', 'false', '1', '0']).default('false'),
  /** Look for its dependencies anew, instead of installing those that were found first. */
  relock: z.enum(['true', 'false', '1', '0']).default('false'),
})
const idempotencyKey = z.string().min(1).max(255)

export interface PromoteRoutesPorts extends PromoteServicesPorts {
  dryRun(request: PromotionRequest, signal: AbortSignal): Promise<PromotionPlan>
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
    const shown = channelsFor(ports, project.name).map((channel) => [
      channel,
      { current: currentOf(channels, channel), history: channels[channel] ?? [] },
    ])
    context.body = { project: project.name, channels: Object.fromEntries(shown) }
  })
  return router
}

async function promoteRelease(context: Context, ports: PromoteRoutesPorts, access: Access): Promise<void> {
  const { reason, force = false } = parsed(promotionBody, context.request.body ?? {}, 'The body')
  const query = parsed(promotionQuery, context.query, 'The query')
  const { wait, channel = ports.channels[0] ?? '' } = query
  const project = projectIn(context)
  const version = String(context['params']['version']).slice(0, 100)
  const said = reason === undefined ? {} : { reason }
  const attempt = attemptIn(context)
  const relock = query.relock === 'true' || query.relock === '1'
  if (query.dry_run === 'true' || query.dry_run === '1') {
    return await answerDryRun(context, ports, { project, version, channel, by: identityOf(context).name, force })
  }
  const promotion = await audited(
    ports.audit,
    { action: 'promote', actor: actorOf(context, access), project, version, ...said },
    () =>
      promoteToServices(ports, {
        ...{ project, version, channel, by: identityOf(context).name, force, relock },
        ...attempt,
        ...said,
      }),
    (promoted) => auditOf(channel, promoted, { ...(force && { force }), ...(relock && { relock }) }),
  )
  await answerPromotion(context, ports, wait, { ...promotion, project, channel })
}

/** What the audit keeps of a promotion, whoever asked for it; `more` is how it was asked for. */
export function auditOf(
  channel: string,
  { changed, pointer, previous, deploys }: ServicesPromotion,
  more: Readonly<Record<string, boolean>>,
) {
  const { version, serial } = pointer
  return {
    outcome: changed ? ('done' as const) : ('unchanged' as const),
    version,
    before: { channel, version: previous?.version ?? null },
    after: { channel, version, serial, deploys, ...more },
  }
}

/** A key belongs to the token that sent it: two of a team may count their builds alike. */
export function attemptIn(context: Context): { readonly attempt?: string } {
  const sent = context.get('Idempotency-Key')
  if (sent === '') return {}
  const key = parsed(idempotencyKey, sent, 'The Idempotency-Key')
  const of = JSON.stringify([identityOf(context).token, key])
  return { attempt: `key-${createHash('sha256').update(of).digest('hex').slice(0, 32)}` }
}

async function answerDryRun(context: Context, ports: PromoteRoutesPorts, request: PromotionRequest): Promise<void> {
  const gone = clientGone(context)
  const plan = await ports.dryRun(request, gone)
  answerAs(context, plan, () => describePlan(plan))
}

export interface Promoted extends ServicesPromotion {
  readonly project: string
  readonly channel: string
  /** What else was done, as a sentence. */
  readonly note?: string
}

/** At once, after the wait, or all the while. */
export async function answerPromotion(
  context: Context,
  ports: WatchPorts & { readonly externalUrl: string },
  wait: number,
  promoted: Promoted,
): Promise<void> {
  const { externalUrl, clock } = ports
  const gone = clientGone(context)
  const result = (seen: readonly SeenDeploy[]) => resultOf(promoted, seen, { externalUrl, wait })
  const form = wait > 0 ? liveFormOf(context) : undefined
  if (form !== undefined) {
    context.status = 202
    const seen = follow(ports, promoted.deploys, wait, gone, isSettled)
    const message = messageOf(promoted, [])
    return sendLive(context, { seen, form, clock, externalUrl, message, result })
  }
  const seen = await watchUntil(ports, promoted.deploys, wait, isSettled, gone)
  const { status, json } = result(seen)
  context.status = status
  answerAs(context, json, () =>
    [`${json.message}\n`, ...seen.map(({ rollout }) => textOf(rollout, externalUrl))].join('\n'),
  )
}

/** Over, or with people who take their time: nobody waits for those by the second. */
function isSettled({ phase }: Rollout): boolean {
  return isOver(phase) || phase === 'gated'
}

function resultOf(
  promoted: Promoted,
  seen: readonly SeenDeploy[],
  { externalUrl, wait }: { readonly externalUrl: string; readonly wait: number },
) {
  const { project, channel, pointer, previous = null, changed } = promoted
  const rollouts = seen.map(({ rollout }) => rollout)
  // Who does not wait asked for no more than to begin.
  const phases = rollouts.map(({ phase }) => (wait === 0 && phase === 'gated' ? 'queued' : phase))
  const isConcluding = seen.some(({ concluding }) => concluding)
  const status = statusOf(phases, isConcluding)
  const deploys = rollouts.map((rollout) => deployView(rollout, externalUrl))
  const json = { message: messageOf(promoted, rollouts), changed, project, channel, pointer, previous, deploys }
  return { status, json, text: `${resultText(status, rollouts)} (${status})` }
}

const resultTexts: Readonly<Record<number, string>> = {
  200: 'All is as asked for.',
  202: 'The wait is over, the deploy goes on.',
  409: 'A newer promotion took its place.',
  424: 'It did not succeed.',
}

function resultText(status: number, rollouts: readonly Rollout[]): string {
  const phases = rollouts.map(({ phase }) => phase)
  if (status !== 409 || phases.includes('superseded')) return resultTexts[status] ?? ''
  return phases.includes('expired')
    ? 'It was not approved in time.'
    : 'It waits for approval, and goes on by itself then.'
}

/**
 * For `curl -f` in CI: 200 only where all is as asked for. The worst service decides; never 5xx, so that `--retry` does not
 * promote once more what failed by itself. What its service does not say yet is not as asked for: the next promotion may need it.
 */
function statusOf(phases: readonly Phase[], isConcluding: boolean): number {
  if (phases.some((phase) => ['failed', 'rolled_back', 'rollback_failed', 'aborted'].includes(phase))) return 424
  if (phases.some((phase) => ['superseded', 'expired', 'gated'].includes(phase))) return 409
  if (isConcluding || phases.some((phase) => !isOver(phase))) return 202
  return 200
}

function messageOf(
  { project, channel, pointer, previous, changed, current, note }: Promoted,
  rollouts: readonly Rollout[],
): string {
  if (!current)
    return `This request was answered before. ${channel} of ${project} has moved on from ${pointer.version} since.`
  const from = previous === undefined ? '' : ` (before: ${previous.version})`
  const again = previous?.version === pointer.version ? ', once more' : from
  const also = note === undefined ? '' : ` ${note}`
  if (changed) return `${channel} of ${project} is now ${pointer.version}${again}.${also}`
  return `${channel} of ${project} is ${pointer.version} already: ${standingOf(rollouts)}.${also}`
}

function standingOf(rollouts: readonly Rollout[]): string {
  if (rollouts.some(({ phase }) => phase === 'gated')) return 'its deploy waits for approval'
  return rollouts.some(({ phase }) => !isOver(phase)) ? 'its deploy is under way' : 'nothing changed'
}

function textOf(rollout: Rollout, externalUrl: string): string {
  return `${describeDeploy(rollout)}  ${externalUrl}/deploys/${rollout.deploy}\n`
}
