import type { NodeProgress, Phase, Rollout } from './model.ts'
import { changeNode, decideOn, end, isBusy, outOfService, serves } from './progress.ts'

export function rollingBack(rollout: Rollout, now: number): Rollout {
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

/**
 * One at a time; the broken ones first, as they cannot get worse, then the last updated ones as far as the service allows.
 * One that served nobody before is left on the new release, where it serves: what it has to go back to is worse.
 */
function nextToRestore(rollout: Rollout): NodeProgress | undefined {
  if (rollout.nodes.some(({ state }) => state === 'restoring' || state === 'checking')) return undefined
  const free = rollout.nodes.filter((node) => !isBusy(rollout, node))
  const updated = free.filter((node) => node.state === 'updated' && serves(node))
  const allowed = outOfService(rollout) < rollout.maxUnavailable
  return free.find((node) => node.state === 'failed') ?? (allowed ? updated.at(-1) : undefined)
}

/** A first deploy has nothing to go back to: it has failed, without any rollback to speak of. */
function endOfRollback({ nodes }: Rollout): Phase {
  const stuck = nodes.some((node) => node.state === 'lost' || (node.state === 'updated' && serves(node)))
  if (stuck) return 'rollback_failed'
  return nodes.some(({ state }) => state === 'restored') ? 'rolled_back' : 'failed'
}
