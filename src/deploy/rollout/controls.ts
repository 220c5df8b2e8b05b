import { approve, refusalToApprove } from './approving.ts'
import type { Control } from './control.ts'
import { failuresIn, unreachableIn } from './failing.ts'
import { killInHand, toKill } from './killing.ts'
import { isOver, type NodeProgress, type NodeState, type Rollout } from './model.ts'
import {
  changeNode,
  impose,
  isBeforeTouching,
  leaveOut,
  pause,
  phaseOf,
  unavailable,
  withoutWaiting,
} from './progress.ts'
import { recheckAll } from './rechecks.ts'

type Wanted = Pick<Control, 'kind' | 'node'>

/** Why a control makes no sense now, as a sentence; `undefined` where it does. */
export function refusalOf(rollout: Rollout, control: Wanted): string | undefined {
  const { phase, paused, aborted, reason } = rollout
  if (isOver(phase)) return `it is over (${phase})`
  if (aborted) return refusalOfAborted(rollout, control)
  if (phase === 'rolling_back') return 'it failed, and takes the touched nodes back already'
  if (reason !== undefined) return 'it failed, and ends as soon as what is under way has ended'
  switch (control.kind) {
    case 'pause':
      return phase === 'paused' ? 'it is paused already' : undefined
    case 'resume':
      return phase === 'paused' ? undefined : 'it is not paused'
    case 'retry':
      return paused?.failure ? undefined : 'it did not pause after a failure: there is nothing to try again'
    case 'abort':
    case 'freezes':
      return undefined
    case 'approve':
      return refusalToApprove(rollout)
    case 'exclude':
      return refusalToExclude(rollout, control.node ?? '')
  }
}

/** Once more, it ends what is in hand. */
function refusalOfAborted(rollout: Rollout, { kind }: Wanted): string | undefined {
  if (kind === 'abort' && toKill(rollout).length > 0) return undefined
  return 'it was aborted already, and ends as soon as what is under way has ended'
}

function refusalToExclude({ nodes, effects }: Rollout, name: string): string | undefined {
  const node = nodes.find((one) => one.name === name)
  if (nodes.length === 0) return 'it does not know its nodes yet'
  if (node === undefined)
    return `it has no node "${name.slice(0, 100)}"; its nodes: ${nodes.map((one) => one.name).join(', ')}`
  if (effects.some((effect) => effect.kind === 'prepare' && effect.node === name)) {
    return `${name} runs what is run once per deploy now`
  }
  const texts: Partial<Record<NodeState, string>> = {
    excluded: 'is left out already',
    gone: 'has left the fleet',
    current: 'ran the release before, and is left alone',
    updated: 'runs the release already',
    draining: 'is being drained now',
    activating: 'is being restarted now',
    verifying: 'is being verified now',
    undraining: 'runs the release already, and is being put back into the balancer',
    restoring: 'is being taken back now',
    checking: 'is being taken back now',
    returning: 'is being put back into the balancer now',
  }
  const text = texts[node.state]
  return text === undefined ? undefined : `${name} ${text}`
}

/** Each once, in the order of their numbers, whoever carries the deploy. One that makes no sense any more changes nothing. */
export function takeControl(rollout: Rollout, control: Control): Rollout {
  if (control.number <= (rollout.controls ?? 0)) return rollout
  const taken = { ...rollout, controls: control.number }
  return refusalOf(rollout, control) === undefined ? obey(taken, control) : taken
}

function obey(rollout: Rollout, control: Control): Rollout {
  switch (control.kind) {
    case 'pause':
      return pause(rollout, saidOf('Paused', control), false)
    case 'resume':
      return goOn(undecided(rollout).reduce((next, node) => exclude(next, node), rollout))
    case 'retry':
      return goOn(undecided(rollout).reduce((next, node) => tryAgain(next, node), rollout))
    case 'abort':
      return rollout.aborted ? killInHand(rollout) : abort(rollout, control)
    case 'approve':
      return approve(rollout, control)
    case 'freezes':
      return impose(rollout, control.imposed)
    case 'exclude':
      return rollout.nodes
        .filter(({ name }) => name === control.node)
        .reduce((next, node) => exclude(next, node), rollout)
  }
}

function saidOf(what: string, { by, reason }: Control): string {
  return `${what} by ${by}${reason === undefined ? '' : `: ${reason}`}`
}

/** The nodes for whose sake it waits. */
function undecided(rollout: Rollout): readonly NodeProgress[] {
  const { maxFailures = 0, maxUnreachable = 0, maxUnavailable, paused } = rollout
  if (!paused?.failure) return []
  const untouched = isBeforeTouching(phaseOf(rollout))
  const tooManyFailed = failuresIn(rollout) > maxFailures
  const full = unavailable(rollout) >= maxUnavailable
  const waitsFor: Partial<Record<NodeState, (node: NodeProgress) => boolean>> = {
    unprepared: () => untouched && tooManyFailed,
    unreachable: () => untouched && unreachableIn(rollout) > maxUnreachable,
    // One whose drain failed may be lost meanwhile, as it could not be put back into the balancer either.
    lost: ({ failure }) => full || (tooManyFailed && failure === true),
    failed: ({ fate }) => fate === undefined,
  }
  return rollout.nodes.filter((node) => waitsFor[node.state]?.(node))
}

function goOn(rollout: Rollout): Rollout {
  const { nodes } = rollout
  const again = nodes.some(({ state, fate }) => state === 'failed' && fate === 'again')
  const from = phaseOf(rollout)
  const waits = from === 'staging' && nodes.some(({ state }) => state === 'waiting')
  const phase = waits ? 'resolving' : from === 'soaking' && again ? 'rolling' : from
  // What was seen before the pause may have crashed in it.
  const thawed = rollout.paused?.frozen ? passOver(rollout) : {}
  const next: Rollout = { ...rollout, ...thawed, phase, paused: undefined, rechecked: undefined }
  return phase === 'soaking' && next.effects.length === 0 ? recheckAll(next) : next
}

/** Whoever says so has seen those that there are. */
function passOver({ imposed }: Rollout): Pick<Rollout, 'thawed' | 'passed'> {
  return { thawed: true, ...(imposed && { passed: imposed.freezes.map(({ id }) => id) }) }
}

function tryAgain(rollout: Rollout, node: NodeProgress): Rollout {
  const fresh = { failure: undefined, problem: undefined, undrains: undefined }
  if (node.state === 'failed' || node.state === 'lost') {
    return changeNode(rollout, node.name, { ...fresh, state: 'failed', fate: 'again' })
  }
  return changeNode(rollout, node.name, { ...fresh, state: node.nodeClass === undefined ? 'waiting' : 'ready' })
}

/** What prepares the node is waited for no longer; one that was touched goes back first, where it can. */
function exclude(rollout: Rollout, node: NodeProgress): Rollout {
  if (node.state === 'failed') return changeNode(rollout, node.name, { fate: 'excluded', failure: undefined })
  const effects = rollout.effects.filter((effect) => effect.node !== node.name)
  return leaveOut({ ...rollout, effects }, node.name)
}

/** Looks are broken off; what changes something on a node is not, as half of it would be left. */
function abort(rollout: Rollout, control: Control): Rollout {
  const from = phaseOf(rollout)
  const told = withoutWaiting({ ...rollout, aborted: true, reason: saidOf('Aborted', control), paused: undefined })
  if (!isBeforeTouching(from)) return { ...told, phase: 'rolling_back' }
  const effects = told.effects.filter(({ kind }) => kind === 'resolve' || kind === 'stage' || kind === 'prepare')
  return { ...told, effects, phase: from }
}
