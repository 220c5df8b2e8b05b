import type { Approval, Control } from './control.ts'
import type { Rollout } from './model.ts'
import { end, phaseOf } from './progress.ts'

type Gated = Pick<Rollout, 'approvals' | 'approved'>

/** Whether as many people as are needed have approved; of a deploy that needs none, always. */
export function isApproved(rollout: Gated): boolean {
  return missingApprovals(rollout) === 0
}

export function missingApprovals({ approvals, approved = [] }: Gated): number {
  return Math.max(0, (approvals?.needed ?? 0) - approved.length)
}

/** Whether it waits for approvals, or is paused where it did. Nobody carries such a deploy: it waits for days. */
export function isGated(rollout: Pick<Rollout, 'phase' | 'paused'>): boolean {
  return phaseOf(rollout) === 'gated'
}

/** What it would install is known: whoever approves can see it. */
export function awaitApprovals(rollout: Rollout, now: number): Rollout {
  const hours = rollout.approvals?.expireHours ?? 0
  return { ...rollout, phase: 'gated', approveBy: rollout.approveBy ?? now + hours * 3_600_000 }
}

/**
 * What was seen of the nodes may be days old: what they go back to, and what is left alone, is found out anew. So it is on those
 * that were installed on before it had to wait again, as other deploys may have run since.
 */
export function lookAgain(rollout: Rollout): Rollout {
  const nodes = rollout.nodes.map((node) =>
    ['ready', 'staged', 'current'].includes(node.state) ? { ...node, state: 'waiting' as const } : node,
  )
  return { ...rollout, phase: 'resolving', nodes, approvedLocks: rollout.locks }
}

/**
 * Waits once more, with no approval left, where a class of node came up that was not known when people approved: they could not
 * see what it is to get. `undefined` where all that is to be installed was there to be seen.
 */
export function askAnew(rollout: Rollout, now: number): Rollout | undefined {
  const { approvals, approvedLocks, approved = [], locks } = rollout
  if (approvals === undefined || approvedLocks === undefined) return undefined
  const unseen = rollout.nodes.filter(
    ({ state, nodeClass = '' }) => state === 'ready' && locks[nodeClass] !== approvedLocks[nodeClass],
  )
  if (unseen.length === 0) return undefined
  const names = unseen
    .map(({ name, python }) => (python === undefined ? name : `${name} (Python ${python})`))
    .join(', ')
  const reason =
    `What is to be installed on ${names} was not known when ${approved.map(({ by }) => by).join(', ')} approved: ` +
    'it is another class of node now, with dependencies of its own.'
  return awaitApprovals({ ...rollout, approved: [], approveBy: undefined, askedAnew: { at: now, reason } }, now)
}

/** Why an approval makes no sense now, as a sentence. */
export function refusalToApprove(rollout: Rollout): string | undefined {
  if (isGated(rollout)) return undefined
  if (rollout.approvals !== undefined && isApproved(rollout)) return 'it has all the approvals that it needs'
  const early = ['queued', 'planning', 'resolving'].includes(phaseOf(rollout))
  if (early) return 'it does not wait for approval: what it would install is not known yet, or it needs none'
  return 'it needs no approval'
}

/** Who has approved already; another token of the same person is the same person. */
export function approvalOf({ approved = [] }: Gated, who: Pick<Control, 'by' | 'account'>): Approval | undefined {
  return approved.find((one) => personOf(one) === personOf(who))
}

/** One that came too late, or before it was known what is asked for now, counts for nothing, whenever somebody looks at it. */
export function approve(rollout: Rollout, { by, account, at, reason }: Control): Rollout {
  const late = Date.parse(at) > (rollout.approveBy ?? Number.POSITIVE_INFINITY)
  const early = Date.parse(at) < (rollout.askedAnew?.at ?? Number.NEGATIVE_INFINITY)
  if (late || early || approvalOf(rollout, { by, account }) !== undefined) return rollout
  const given = { by, at, ...(account === undefined ? {} : { account }), ...(reason === undefined ? {} : { reason }) }
  return { ...rollout, approved: [...(rollout.approved ?? []), given] }
}

/** Asked when somebody takes it up, after all that it was told. What a person paused waits for that person. */
export function expire(rollout: Rollout, now: number): Rollout {
  const { phase, approvals, approved = [], approveBy } = rollout
  if (phase !== 'gated' || approveBy === undefined || now < approveBy || isApproved(rollout)) return rollout
  const had = `${approved.length} of ${approvals?.needed ?? 0} approvals`
  const reason = `It had ${had} when its ${approvals?.expireHours ?? 0} hours were over.`
  return end({ ...rollout, reason }, 'expired', now)
}

function personOf({ by, account = by }: Pick<Control, 'by' | 'account'>): string {
  return account
}
