import type { NodeProgress, Phase, Rollout } from './model.ts'
import { changeNode, decide, decideOn, isBusy, unavailable } from './progress.ts'

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

/** A node that was seen running this very release is left alone. */
function stageAll(rollout: Rollout): Rollout {
  const nodes = rollout.nodes.map((node): NodeProgress => {
    const release = `${rollout.version}-${(rollout.locks[node.nodeClass ?? ''] ?? '').slice(0, 12)}`
    const current = node.before?.release === release && node.before.healthy
    return { ...node, release, state: current ? 'current' : node.state }
  })
  return nodes
    .filter((node) => node.state === 'ready')
    .reduce<Rollout>((next, node) => decide(next, 'stage', { node: node.name }), { ...rollout, nodes })
}

function rolling(rollout: Rollout, now: number): Rollout {
  const toVerify = rollout.nodes.find((node) => node.state === 'verifying' && !isBusy(rollout, node))
  if (toVerify !== undefined) return decideOn(rollout, 'verify', toVerify, 'verifying')
  const next = rollout.nodes.find((node) => node.state === 'staged')
  if (next !== undefined) {
    return unavailable(rollout) < rollout.maxUnavailable ? decideOn(rollout, 'activate', next, 'activating') : rollout
  }
  if (rollout.effects.length > 0) return rollout
  const touched = rollout.nodes.some((node) => node.state === 'updated')
  if (!touched || rollout.soakSeconds === 0) return end(rollout, 'succeeded', now)
  return decide({ ...rollout, phase: 'soaking' }, 'soak', { until: now + rollout.soakSeconds * 1000 })
}

/** The soak is followed by one more look at every updated node (`step.ts`): a process that crashed is another process. */
function soaking(rollout: Rollout, now: number): Rollout {
  return rollout.effects.length > 0 ? rollout : end(rollout, 'succeeded', now)
}

function rollingBack(rollout: Rollout, now: number): Rollout {
  const toCheck = rollout.nodes.find((node) => node.state === 'checking' && !isBusy(rollout, node))
  if (toCheck !== undefined) return decideOn(rollout, 'check', toCheck, 'checking')
  // What was under way when another node failed is followed to its end, to be known; only then it goes back.
  const toVerify = rollout.nodes.find((node) => node.state === 'verifying' && !isBusy(rollout, node))
  if (toVerify !== undefined) return decideOn(rollout, 'verify', toVerify, 'verifying')
  const next = nextToRestore(rollout)
  if (next !== undefined && next.before === undefined) return changeNode(rollout, next.name, { state: 'stranded' })
  if (next !== undefined) return decideOn(rollout, 'restore', next, 'restoring')
  return rollout.effects.length > 0 ? rollout : end(rollout, endOfRollback(rollout), now)
}

/** One at a time; the broken ones first, as they cannot get worse, then the last updated ones as far as the service allows. */
function nextToRestore(rollout: Rollout): NodeProgress | undefined {
  if (rollout.nodes.some(({ state }) => state === 'restoring' || state === 'checking')) return undefined
  const free = rollout.nodes.filter((node) => !isBusy(rollout, node))
  const updated = free.filter((node) => node.state === 'updated' && node.before !== undefined)
  const allowed = unavailable(rollout) < rollout.maxUnavailable
  return free.find((node) => node.state === 'failed') ?? (allowed ? updated.at(-1) : undefined)
}

/** A first deploy has nothing to go back to: it has failed, without any rollback to speak of. */
function endOfRollback({ nodes }: Rollout): Phase {
  const stuck = nodes.some(({ state, before }) => state === 'lost' || (state === 'updated' && before !== undefined))
  if (stuck) return 'rollback_failed'
  return nodes.some(({ state }) => state === 'restored') ? 'rolled_back' : 'failed'
}

function end(rollout: Rollout, phase: Phase, now: number): Rollout {
  return { ...rollout, phase, finishedAt: now }
}
