import { drainOrPutBack, isUntouched, mustDrain, returned } from './draining.ts'
import type { NodeProgress, Rollout } from './model.ts'
import { changeNode, decideOn, isBusy, leaveOut } from './progress.ts'

/**
 * The next thing to do on a node that was touched already, so that none is left half-way: a restart is followed to what
 * came of it, and a node that failed within the budget, or is left out, goes back. Done in every phase, `paused` too.
 */
export function inHand(rollout: Rollout): Rollout | undefined {
  return followed(rollout) ?? leaving(rollout)
}

/** What was drained is switched or put back, what was switched is looked at, and what was looked at is put back. */
export function followed(rollout: Rollout): Rollout | undefined {
  const toCheck = rollout.nodes.find((node) => node.state === 'checking' && !isBusy(rollout, node))
  if (toCheck !== undefined) return decideOn(rollout, 'check', toCheck, 'checking')
  const toVerify = rollout.nodes.find((node) => node.state === 'verifying' && !isBusy(rollout, node))
  if (toVerify !== undefined) return decideOn(rollout, 'verify', toVerify, 'verifying')
  // Drained on its way back: or not, as then it goes back all the same.
  const toRestore = rollout.nodes.find((node) => node.state === 'restoring' && !isBusy(rollout, node))
  if (toRestore !== undefined) return decideOn(rollout, 'restore', toRestore, 'restoring')
  return drainOrPutBack(rollout)
}

/** One at a time: what it goes back to may be no better. */
function leaving(rollout: Rollout): Rollout | undefined {
  if (goesBack(rollout)) return undefined
  const next = rollout.nodes.find((node) => leaves(node) && !isBusy(rollout, node))
  return next === undefined ? undefined : takeBack(rollout, next)
}

export function takeBack(rollout: Rollout, node: NodeProgress): Rollout {
  if (isUntouched(node)) return returned(rollout, node)
  if (node.before !== undefined) {
    return decideOn(rollout, mustDrain(rollout, node) ? 'drain' : 'restore', node, 'restoring')
  }
  return node.fate === 'excluded'
    ? leaveOut(rollout, node.name)
    : changeNode(rollout, node.name, { state: 'stranded', fate: undefined })
}

/** Whether a node is on its way back. */
export function goesBack({ nodes }: Rollout): boolean {
  return nodes.some(({ state }) => ['restoring', 'checking', 'returning'].includes(state))
}

/** Whether a failed node goes back, though the others go on. */
export function leaves({ state, fate }: NodeProgress): boolean {
  return state === 'failed' && (fate === 'restored' || fate === 'excluded')
}
