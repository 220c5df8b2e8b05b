import { headline } from '../deploy/describe.ts'
import type { Phase, Rollout } from '../deploy/rollout/model.ts'

/** What somebody should hear of: each end of a deploy that began, and what waits for a person, paused or for approval. */
const told: readonly Phase[] = [
  ...(['succeeded', 'failed', 'rolled_back', 'rollback_failed', 'aborted', 'expired', 'paused', 'gated'] as const),
]

/** Receivers take some 20 kB (Standard Webhooks); the URL has the rest. */
const mostNodes = 100
const longestProblem = 100

export interface DeployNotice {
  readonly id: string
  readonly service: string
  readonly body: string
}

/** Pure. `undefined` where nobody needs to know. `text` is what Slack, Mattermost and Rocket.Chat show. */
export function deployNotice(rollout: Rollout, externalUrl: string, now: number): DeployNotice | undefined {
  const { deploy, service, project, version, phase, decided, nodes } = rollout
  if (!told.includes(phase)) return undefined
  const anew = phase === 'gated' ? rollout.askedAnew?.reason : undefined
  const reason = rollout.reason ?? rollout.paused?.reason ?? anew ?? null
  const url = `${externalUrl}/deploys/${deploy}`
  const { approvals, approved = [] } = rollout
  const toApprove = phase === 'gated' ? ` To approve: wheelhouse approve ${deploy}.` : ''
  const shown = nodes.slice(0, mostNodes).map(({ name, state, problem }) => ({
    name,
    state,
    ...(problem === undefined ? {} : { problem: problem.slice(0, longestProblem) }),
  }))
  const data = {
    id: deploy,
    url,
    service,
    project,
    version,
    phase,
    reason: reason?.slice(0, 2_000) ?? null,
    ...(approvals && { approvals: { needed: approvals.needed, given: approved.map(({ by }) => by) } }),
    nodes: shown,
  }
  const text = `${headline(rollout)}${reason === null ? '' : ` ${reason.slice(0, 500)}`}${toApprove} ${url}`
  const body = { type: `deploy.${phase}`, timestamp: new Date(now).toISOString(), text, data }
  // A deploy may pause more than once.
  return { id: `${deploy}.${phase}.${decided}`, service, body: JSON.stringify(body) }
}
