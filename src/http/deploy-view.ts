import type { Context } from 'koa'
import { causeOf, planText } from '../deploy/describe.ts'
import { isGated } from '../deploy/rollout/approving.ts'
import type { Rollout } from '../deploy/rollout/model.ts'

/** What `/deploys/<id>` and the answer of a promotion show. */
export function deployView(rollout: Rollout, externalUrl: string) {
  const { deploy, service, project, version, phase, reason, paused, nodes, createdAt, startedAt, finishedAt } = rollout
  const time = (milliseconds: number | undefined) =>
    milliseconds === undefined ? null : new Date(milliseconds).toISOString()
  return {
    id: deploy,
    url: `${externalUrl}/deploys/${deploy}`,
    service,
    project,
    version,
    phase,
    reason: reason ?? paused?.reason ?? null,
    /** The phase in which it goes on. */
    pausedIn: phase === 'paused' ? (paused?.from ?? null) : null,
    approvals: approvalsView(rollout),
    plan: nodes.length === 0 ? null : planText(rollout),
    /** What nodes were seen by, as `verification.ts` has it. */
    verified: rollout.verifies ?? 'answer',
    /** Why nodes that joined meanwhile are not known. */
    fleetProblem: rollout.fleetProblem ?? null,
    /** Nodes that it went on without, by cause. */
    without: {
      failed: without(rollout, 'failed'),
      unreachable: without(rollout, 'unreachable'),
      excluded: without(rollout, 'excluded'),
      gone: without(rollout, 'gone'),
    },
    createdAt: time(createdAt),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    nodes,
  }
}

/** `null` where nobody has to approve it. */
function approvalsView(rollout: Rollout) {
  const { approvals, approved = [], approveBy, askedAnew } = rollout
  if (approvals === undefined) return null
  const until = isGated(rollout) && approveBy !== undefined ? new Date(approveBy).toISOString() : null
  const anew = askedAnew === undefined ? null : { at: new Date(askedAnew.at).toISOString(), reason: askedAnew.reason }
  return { needed: approvals.needed, expireHours: approvals.expireHours, given: approved, until, askedAnew: anew }
}

function without({ nodes }: Rollout, cause: ReturnType<typeof causeOf>): readonly string[] {
  return nodes.filter((node) => causeOf(node) === cause).map(({ name }) => name)
}

export function answerAs(context: Context, json: object, text: () => string): void {
  context.vary('Accept')
  if (context.accepts('text/plain', 'application/json') === 'application/json') context.body = json
  else context.body = text()
}
