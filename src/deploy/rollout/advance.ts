import { rollingBack } from './going-back.ts'
import type { NodeProgress, Rollout } from './model.ts'
import { decide, end } from './progress.ts'
import { rolling } from './rolling.ts'

/** Everything that follows from where the rollout stands, until nothing more does. */
export function advance(rollout: Rollout, now: number): Rollout {
  let current = rollout
  for (;;) {
    const next = follow(current, now)
    if (next === current) return current
    current = next
  }
}

function follow(rollout: Rollout, now: number): Rollout {
  switch (rollout.phase) {
    case 'queued':
      return decide({ ...rollout, phase: 'planning', startedAt: now }, 'plan')
    case 'planning':
    case 'resolving':
    case 'staging':
      return beforeTouching(rollout, now)
    case 'rolling':
      return rolling(rollout, now)
    case 'soaking':
      return soaking(rollout, now)
    case 'rolling_back':
      return rollingBack(rollout, now)
    default:
      return rollout
  }
}

/** A failure here ends the deploy as soon as what is under way has ended: nothing that runs was touched. */
function beforeTouching(rollout: Rollout, now: number): Rollout {
  if (rollout.reason !== undefined) return rollout.effects.length > 0 ? rollout : end(rollout, 'failed', now)
  if (rollout.effects.length > 0) return rollout
  if (rollout.phase === 'planning') return probeAll({ ...rollout, phase: 'resolving' })
  if (rollout.phase === 'resolving') return resolveOrStage(rollout)
  return { ...rollout, phase: 'rolling' }
}

function probeAll(rollout: Rollout): Rollout {
  return rollout.nodes.reduce((next, node) => decide(next, 'probe', { node: node.name }), rollout)
}

/** One lock for each class of node, resolved on the first node of it. */
function resolveOrStage(rollout: Rollout): Rollout {
  const open = rollout.nodes.filter(
    ({ nodeClass }, at) =>
      nodeClass !== undefined &&
      rollout.locks[nodeClass] === undefined &&
      rollout.nodes.findIndex((other) => other.nodeClass === nodeClass) === at,
  )
  if (open.length === 0) return stageAll({ ...rollout, phase: 'staging' })
  return open.reduce(
    (next, { name, nodeClass }) => decide(next, 'resolve', { node: name, ...(nodeClass && { nodeClass }) }),
    rollout,
  )
}

/** A node whose very process was seen running this very release is left alone. */
function stageAll(rollout: Rollout): Rollout {
  const nodes = rollout.nodes.map((node): NodeProgress => {
    const release = `${rollout.version}-${(rollout.locks[node.nodeClass ?? ''] ?? '').slice(0, 12)}`
    const current = node.before?.release === release && node.before.healthy && node.before.verified === true
    return { ...node, release, state: current ? 'current' : node.state }
  })
  return nodes
    .filter((node) => node.state === 'ready')
    .reduce<Rollout>((next, node) => decide(next, 'stage', { node: node.name }), { ...rollout, nodes })
}

/** The soak is followed by one more look at every updated node (`step.ts`): a process that crashed is another process. */
function soaking(rollout: Rollout, now: number): Rollout {
  return rollout.effects.length > 0 ? rollout : end(rollout, 'succeeded', now)
}
