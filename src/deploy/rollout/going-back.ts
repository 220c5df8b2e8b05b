import { followed, goesBack, takeBack } from './in-hand.ts'
import type { NodeProgress, Phase, Rollout } from './model.ts'
import { end, isBusy, outOfService, serves } from './progress.ts'

/** What was under way when another node failed is followed to its end, to be known; only then it goes back. */
export function rollingBack(rollout: Rollout, now: number): Rollout {
  const going = followed(rollout)
  if (going !== undefined) return going
  const next = nextToRestore(rollout)
  if (next !== undefined) return takeBack(rollout, next)
  return rollout.effects.length > 0 ? rollout : end(rollout, endOfRollback(rollout), now)
}

/**
 * One at a time; the broken ones first, as they cannot get worse, then the last updated ones as far as the service allows.
 * One that served nobody before is left on the new release, where it serves: what it has to go back to is worse.
 */
function nextToRestore(rollout: Rollout): NodeProgress | undefined {
  if (goesBack(rollout)) return undefined
  const free = rollout.nodes.filter((node) => !isBusy(rollout, node))
  const updated = free.filter((node) => node.state === 'updated' && serves(node))
  const allowed = outOfService(rollout) < rollout.maxUnavailable
  return free.find((node) => node.state === 'failed') ?? (allowed ? updated.at(-1) : undefined)
}

/** A first deploy has nothing to go back to: it has failed, without any rollback to speak of. */
function endOfRollback({ nodes, aborted }: Rollout): Phase {
  const stuck = nodes.some((node) => node.state === 'lost' || (node.state === 'updated' && serves(node)))
  if (stuck) return 'rollback_failed'
  if (aborted) return 'aborted'
  return nodes.some(({ state }) => state === 'restored') ? 'rolled_back' : 'failed'
}
