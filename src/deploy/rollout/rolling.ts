import type { NodeProgress, Rollout } from './model.ts'
import { decide, decideOn, end, isBusy, recheckAll, serves, unavailable } from './progress.ts'

/**
 * Node after node is switched, restarted and seen to run the release. The first one goes alone and is watched for a while
 * before any other is touched, and before each further restart all that run the release are looked at again: one that
 * dies some seconds after its start is met on one node, not on all of them.
 */
export function rolling(rollout: Rollout, now: number): Rollout {
  const toVerify = rollout.nodes.find((node) => node.state === 'verifying' && !isBusy(rollout, node))
  if (toVerify !== undefined) return decideOn(rollout, 'verify', toVerify, 'verifying')
  if (rollout.effects.some(({ kind }) => kind === 'soak' || kind === 'recheck')) return rollout
  const staged = rollout.nodes.filter(({ state }) => state === 'staged')
  if (staged.length === 0) return lastSoak(rollout, now)
  const batch = nextBatch(rollout, staged)
  if (batch.length === 0) return rollout
  if (updatedNodes(rollout).length === 0) return activate(rollout, batch)
  if (!rollout.proven) return watchTheFirst(rollout, now)
  return rollout.rechecked ? activate(rollout, batch) : recheckAll(rollout)
}

/**
 * Those that serve nobody go first: what they are to run is tried where nothing can be lost, and no node that serves is
 * taken out while they are still out.
 */
function nextBatch(rollout: Rollout, staged: readonly NodeProgress[]): readonly NodeProgress[] {
  const idle = staged.filter((node) => !serves(node))
  const serving = staged.filter(serves)
  const next = idle.length > 0 ? idle : serving
  return next.slice(0, room(rollout))
}

/** How many nodes may be restarted now: one, as long as none is known to run the release. */
function room(rollout: Rollout): number {
  const out = unavailable(rollout)
  if (updatedNodes(rollout).length === 0) return out === 0 ? 1 : 0
  return Math.max(0, rollout.maxUnavailable - out)
}

/** All at once: what was seen before the first of them counts for none that comes later. */
function activate(rollout: Rollout, batch: readonly NodeProgress[]): Rollout {
  return batch.reduce<Rollout>((next, node) => decideOn(next, 'activate', node, 'activating'), {
    ...rollout,
    rechecked: false,
  })
}

function watchTheFirst(rollout: Rollout, now: number): Rollout {
  const proven = { ...rollout, proven: true }
  return rollout.soakSeconds === 0 ? recheckAll(proven) : soak(proven, now)
}

function lastSoak(rollout: Rollout, now: number): Rollout {
  if (rollout.effects.length > 0) return rollout
  if (updatedNodes(rollout).length === 0 || rollout.soakSeconds === 0) return end(rollout, 'succeeded', now)
  return soak({ ...rollout, phase: 'soaking' }, now)
}

function soak(rollout: Rollout, now: number): Rollout {
  return decide(rollout, 'soak', { until: now + rollout.soakSeconds * 1000 })
}

function updatedNodes({ nodes }: Rollout): readonly NodeProgress[] {
  return nodes.filter(({ state }) => state === 'updated')
}
