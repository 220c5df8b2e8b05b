import type { NodeProgress, Rollout } from './model.ts'
import { changeNode, decideOn, isBusy, leaveOut } from './progress.ts'

/** So often an undrain is tried before the node counts as failed: it is all that lies between it and its visitors. */
const tries = 3
const pauseSeconds = 5

/** Whether a node is to be taken out of the balancer before its service is restarted. */
export function mustDrain({ drains }: Rollout, { drained }: NodeProgress): boolean {
  return drains === true && drained !== true
}

/** Whether nobody has touched the service on a node: it runs what it ran. */
export function isUntouched({ activation }: NodeProgress): boolean {
  return activation === undefined
}

/**
 * What a drain or undrain that ended leads to. A node that was only drained when the deploy came to a stop is put back
 * untouched, and so is one whose drain failed, of which nobody knows how far it came.
 */
export function drainOrPutBack(rollout: Rollout): Rollout | undefined {
  const idle = rollout.nodes.filter((node) => !isBusy(rollout, node))
  const drained = idle.find(({ state }) => state === 'draining')
  if (drained !== undefined) {
    return goesOn(rollout) ? decideOn(rollout, 'activate', drained, 'activating') : undrain(rollout, drained)
  }
  const owed = idle.find(isOwedUndrain)
  return owed && undrain(rollout, owed)
}

function isOwedUndrain(node: NodeProgress): boolean {
  if (node.drained !== true) return false
  if (node.state === 'failed') return isUntouched(node)
  return ['undraining', 'returning', 'current'].includes(node.state)
}

/** Whether further nodes may be touched. */
function goesOn({ phase, reason, aborted }: Rollout): boolean {
  return phase === 'rolling' && reason === undefined && !aborted
}

function undrain(rollout: Rollout, node: NodeProgress): Rollout {
  const { undrains = 0 } = node
  const wait = undrains === 0 ? {} : { seconds: undrains * pauseSeconds }
  return decideOn(rollout, 'undrain', node, node.state === 'draining' ? 'returning' : node.state, wait)
}

/** Back in the balancer. */
export function undrained(rollout: Rollout, node: NodeProgress): Rollout {
  const paid = changeNode(rollout, node.name, { drained: undefined, undrains: undefined })
  if (node.state === 'undraining') return changeNode(paid, node.name, { state: 'updated' })
  const waits = node.state === 'current' || (node.state === 'failed' && isUndecided(rollout, node))
  return waits ? paid : returned(paid, { ...node, drained: undefined })
}

/** Whether somebody is still to say what becomes of a failed node, or it is to be tried once more. */
function isUndecided({ paused }: Rollout, { fate }: NodeProgress): boolean {
  return fate === 'again' || (fate === undefined && paused?.failure === true)
}

/** A node that runs what it ran before; where it was drained it is put back into the balancer first. */
export function returned(rollout: Rollout, node: NodeProgress): Rollout {
  if (node.drained) return changeNode(rollout, node.name, { state: 'returning' })
  if (node.fate === 'excluded') return leaveOut(rollout, node.name)
  const untouched = node.failure ? 'unprepared' : 'staged'
  return changeNode(rollout, node.name, { state: isUntouched(node) ? untouched : 'restored', fate: undefined })
}

/** Tried again, or else `undefined`: the node counts as failed. */
export function undrainAgain(rollout: Rollout, node: NodeProgress): Rollout | undefined {
  const undrains = (node.undrains ?? 0) + 1
  if (undrains >= tries) return undefined
  return changeNode(rollout, node.name, { undrains })
}
