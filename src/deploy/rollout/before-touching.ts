import { askAnew, awaitApprovals, isApproved, lookAgain } from './approving.ts'
import type { NodeProgress, Rollout } from './model.ts'
import { decide, end, isBusy, pauseFrozen } from './progress.ts'
import { assignWaves, inOrder } from './waves.ts'

/**
 * Planning, resolving, waiting for approvals, staging, and what is run once per deploy. Where it is to end here, that is as
 * soon as what is under way has ended: nothing that runs was touched.
 */
export function beforeTouching(rollout: Rollout, now: number): Rollout {
  if (rollout.aborted || rollout.reason !== undefined) {
    return rollout.effects.length > 0 ? rollout : end(rollout, rollout.aborted ? 'aborted' : 'failed', now)
  }
  if (rollout.phase === 'planning') return rollout.effects.length > 0 ? rollout : { ...rollout, phase: 'resolving' }
  if (rollout.phase === 'resolving') return resolving(rollout, now)
  if (rollout.phase === 'gated') return isApproved(rollout) ? lookAgain(rollout) : rollout
  return rollout.phase === 'staging' ? staging(rollout) : preparing(rollout, now)
}

/** A class is resolved on the first of its nodes that is known, while others are still being asked what they are. */
function resolving(rollout: Rollout, now: number): Rollout {
  const unknown = rollout.nodes.filter((node) => node.state === 'waiting' && !isBusy(rollout, node))
  const asked = unknown.reduce((next, { name }) => decide(next, 'probe', { node: name }), rollout)
  const next = unresolved(asked).reduce(
    (sofar, { name, nodeClass }) => decide(sofar, 'resolve', { node: name, ...(nodeClass && { nodeClass }) }),
    asked,
  )
  if (next !== rollout || rollout.effects.length > 0) return next
  if (!isApproved(rollout)) return awaitApprovals(rollout, now)
  return askAnew(rollout, now) ?? { ...rollout, phase: 'staging' }
}

/** The first node of each class that has no lock, and for which none is being made. */
export function unresolved({ nodes, locks, effects }: Rollout): readonly NodeProgress[] {
  const ready = nodes.filter(({ state }) => state === 'ready')
  return ready.filter(
    ({ nodeClass }, at) =>
      nodeClass !== undefined &&
      locks[nodeClass] === undefined &&
      !effects.some((effect) => effect.kind === 'resolve' && effect.nodeClass === nodeClass) &&
      ready.findIndex((other) => other.nodeClass === nodeClass) === at,
  )
}

function staging(rollout: Rollout): Rollout {
  const prepared: Rollout = { ...rollout, nodes: rollout.nodes.map((node) => withRelease(rollout, node)) }
  const toStage = prepared.nodes.filter((node) => node.state === 'ready' && !isBusy(rollout, node))
  if (toStage.length > 0)
    return toStage.reduce<Rollout>((next, { name }) => decide(next, 'stage', { node: name }), prepared)
  if (rollout.effects.length > 0) return rollout
  return { ...assignWaves(prepared), phase: 'preparing' }
}

/** Decided once in a deploy, whatever becomes of it: nobody can tell what half of a migration is. */
function preparing(rollout: Rollout, now: number): Rollout {
  if (rollout.effects.length > 0) return rollout
  const frozen = rollout.prepared ? undefined : pauseFrozen(rollout, now)
  if (frozen !== undefined) return frozen
  const [first] = inOrder(
    rollout,
    rollout.nodes.filter(({ state }) => state === 'staged'),
  )
  if (!rollout.prepares || rollout.prepared || first === undefined) return beginRolling(rollout)
  return decide({ ...rollout, prepared: true }, 'prepare', { node: first.name })
}

/** A node whose very process was seen running this very release is left alone. */
export function withRelease(rollout: Rollout, node: NodeProgress): NodeProgress {
  if (node.state !== 'ready') return node
  const release = `${rollout.version}-${(rollout.locks[node.nodeClass ?? ''] ?? '').slice(0, 12)}`
  const current = node.before?.release === release && node.before.healthy && node.before.verified === true
  return { ...node, release, state: current ? 'current' : 'ready' }
}

function beginRolling(rollout: Rollout): Rollout {
  return { ...rollout, phase: 'rolling', nodes: rollout.nodes.map((node) => withUndrain(rollout, node)) }
}

/** An earlier deploy may have failed to put a node back into the balancer: to be undrained once more does no harm. */
export function withUndrain({ drains }: Rollout, node: NodeProgress): NodeProgress {
  return drains === true && node.state === 'current' ? { ...node, drained: true } : node
}
