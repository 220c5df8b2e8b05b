import type { NodeProgress, Rollout } from './model.ts'
import { decide, end, isBusy } from './progress.ts'
import { assignWaves } from './waves.ts'

/**
 * Planning, resolving and staging. Where it is to end here, that is as soon as what is under way has ended: nothing that
 * runs was touched.
 */
export function beforeTouching(rollout: Rollout, now: number): Rollout {
  if (rollout.aborted || rollout.reason !== undefined) {
    return rollout.effects.length > 0 ? rollout : end(rollout, rollout.aborted ? 'aborted' : 'failed', now)
  }
  if (rollout.phase === 'planning') return rollout.effects.length > 0 ? rollout : { ...rollout, phase: 'resolving' }
  return rollout.phase === 'resolving' ? resolving(rollout) : staging(rollout)
}

function resolving(rollout: Rollout): Rollout {
  const unknown = rollout.nodes.filter((node) => node.state === 'waiting' && !isBusy(rollout, node))
  if (unknown.length > 0) return unknown.reduce((next, { name }) => decide(next, 'probe', { node: name }), rollout)
  return rollout.effects.length > 0 ? rollout : resolveOrStage(rollout)
}

/** One lock for each class of node, resolved on the first node of it. */
function resolveOrStage(rollout: Rollout): Rollout {
  const ready = rollout.nodes.filter(({ state }) => state === 'ready')
  const open = ready.filter(
    ({ nodeClass }, at) =>
      nodeClass !== undefined &&
      rollout.locks[nodeClass] === undefined &&
      ready.findIndex((other) => other.nodeClass === nodeClass) === at,
  )
  if (open.length === 0) return { ...rollout, phase: 'staging' }
  return open.reduce(
    (next, { name, nodeClass }) => decide(next, 'resolve', { node: name, ...(nodeClass && { nodeClass }) }),
    rollout,
  )
}

function staging(rollout: Rollout): Rollout {
  const prepared: Rollout = { ...rollout, nodes: rollout.nodes.map((node) => withRelease(rollout, node)) }
  const toStage = prepared.nodes.filter((node) => node.state === 'ready' && !isBusy(rollout, node))
  if (toStage.length > 0)
    return toStage.reduce<Rollout>((next, { name }) => decide(next, 'stage', { node: name }), prepared)
  if (rollout.effects.length > 0) return rollout
  return { ...assignWaves(prepared), phase: 'rolling' }
}

/** A node whose very process was seen running this very release is left alone. */
function withRelease(rollout: Rollout, node: NodeProgress): NodeProgress {
  if (node.state !== 'ready') return node
  const release = `${rollout.version}-${(rollout.locks[node.nodeClass ?? ''] ?? '').slice(0, 12)}`
  const current = node.before?.release === release && node.before.healthy && node.before.verified === true
  return { ...node, release, state: current ? 'current' : 'ready' }
}
