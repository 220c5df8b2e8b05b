import { undrainAgain } from './draining.ts'
import type { Effect, NodeProgress, Rollout } from './model.ts'
import { notTakenIn, notTold } from './newcomers.ts'
import { changeNode, isBeforeTouching, pause, phaseOf, withoutWaiting } from './progress.ts'

export interface Failure {
  readonly problem: string
  readonly unreachable?: boolean
  readonly gone?: boolean
}

/** What follows from an effect that failed: for its node, and beyond the budget for the whole deploy. */
export function failed(rollout: Rollout, effect: Effect, failure: Failure): Rollout {
  const { problem, unreachable = false, gone = false } = failure
  const node = rollout.nodes.find(({ name }) => name === effect.node)
  if (effect.kind === 'discover') return notTold(rollout, problem)
  // What could not be killed is followed to its end, as it would have been.
  if (effect.kind === 'kill') return rollout
  if (effect.node === undefined) return withoutFleet(rollout, problem)
  if (node === undefined || node.state === 'excluded') return rollout
  const reason = `${node.name}: ${problem}`
  // Half of what is run once may have been run there: that nobody can tell from a node that is gone.
  if (gone && effect.kind !== 'prepare') return left(rollout, node, problem)
  switch (effect.kind) {
    case 'restore':
    case 'check':
      return lost(rollout, node, problem)
    case 'prepare':
      return withoutFleet(rollout, reason)
    case 'undrain':
      return notUndrained(rollout, node, problem)
    case 'drain':
      // On the way back it is restarted all the same: to leave the whole node on a bad release is worse.
      return node.state === 'restoring' ? rollout : touchedAndFailed(rollout, node, problem)
    case 'activate':
    case 'verify':
    case 'recheck':
      return touchedAndFailed(rollout, node, problem)
    default:
      if (node.joined) return notTakenIn(rollout, effect, node, failure)
      if (unreachable) {
        return judge(changeNode(rollout, node.name, { problem, state: 'unreachable' }), node.name, reason)
      }
      // What the release needs is the same on every node of the class: no budget helps.
      if (effect.kind === 'resolve') return giveUp(changeNode(rollout, node.name, { problem }), reason)
      return judge(changeNode(rollout, node.name, { problem, state: 'unprepared', failure: true }), node.name, reason)
  }
}

function touchedAndFailed(rollout: Rollout, { name }: NodeProgress, problem: string): Rollout {
  const change = { problem, state: 'failed', failure: true, undrains: undefined } as const
  return judge(changeNode(rollout, name, change), name, `${name}: ${problem}`)
}

/** Owes nothing, and is owed nothing. */
function left(rollout: Rollout, { name }: NodeProgress, problem: string): Rollout {
  const nothing = { failure: undefined, fate: undefined, drained: undefined, undrains: undefined }
  return changeNode(rollout, name, { ...nothing, problem, state: 'gone' })
}

function lost(rollout: Rollout, { name }: NodeProgress, problem: string): Rollout {
  return changeNode(rollout, name, { problem, state: 'lost', fate: undefined, undrains: undefined })
}

/**
 * Whoever runs the new release goes back and is tried once more there; whoever is back is lost. One that ran it all along was to
 * be put back in case that an earlier deploy could not: that is its own trouble, and none of this deploy's.
 */
function notUndrained(rollout: Rollout, node: NodeProgress, problem: string): Rollout {
  const again = undrainAgain(rollout, node)
  if (again !== undefined) return again
  if (node.state === 'current') {
    const asked = { drained: undefined, undrains: undefined }
    return changeNode(rollout, node.name, { ...asked, problem: `could not be put back into the balancer: ${problem}` })
  }
  return node.state === 'undraining' ? touchedAndFailed(rollout, node, problem) : lost(rollout, node, problem)
}

/** Nobody can be asked for anything yet, or nobody may be asked again: whatever the policy, it is over. */
function withoutFleet(rollout: Rollout, problem: string): Rollout {
  return { ...rollout, phase: phaseOf(rollout), paused: undefined, reason: rollout.reason ?? problem }
}

function judge(rollout: Rollout, name: string, reason: string): Rollout {
  if (isDecided(rollout)) return rollout
  const excess = excessOf(rollout)
  if (excess !== undefined) return giveUp(rollout, `${reason}${excess}`)
  const touched = rollout.nodes.some((node) => node.name === name && node.state === 'failed')
  return touched ? changeNode(rollout, name, { fate: 'restored' }) : rollout
}

/** How far the budget is exceeded, to stand behind the reason; `undefined` where it is not. */
function excessOf(rollout: Rollout): string | undefined {
  const { maxFailures = 0, maxUnreachable = 0 } = rollout
  const [failures, unreachable] = [failuresIn(rollout), unreachableIn(rollout)]
  if (failures > maxFailures) return said(failures, 'failed', maxFailures)
  return unreachable > maxUnreachable ? said(unreachable, 'unreachable', maxUnreachable) : undefined
}

function said(count: number, what: string, allowed: number): string {
  return allowed === 0 ? '' : ` (${count} nodes ${what}, ${allowed} allowed)`
}

/** Over the whole deploy, not by wave; those that a person left out count no more. */
export function failuresIn({ nodes }: Rollout): number {
  return nodes.filter(({ failure }) => failure === true).length
}

/** Nodes that joined meanwhile were promised nothing. */
export function unreachableIn({ nodes }: Rollout): number {
  return nodes.filter(({ state, joined }) => state === 'unreachable' && !joined).length
}

/** More went wrong than is allowed, or nothing can go on: from here the policy decides. The first reason stands. */
export function giveUp(rollout: Rollout, reason: string): Rollout {
  if (isDecided(rollout)) return rollout
  if (rollout.onFailure === 'pause') return rollout.paused?.failure ? rollout : pause(rollout, reason, true)
  const from = phaseOf(rollout)
  const stays = isBeforeTouching(from) || rollout.onFailure === 'stop'
  return withoutWaiting({ ...rollout, paused: undefined, reason, phase: stays ? from : 'rolling_back' })
}

/** How it ends is known: what goes wrong afterwards is mostly its consequence. */
function isDecided({ phase, aborted, reason }: Rollout): boolean {
  return phase === 'rolling_back' || aborted === true || reason !== undefined
}
