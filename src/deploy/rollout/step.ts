import { advance } from './advance.ts'
import { expire, isGated } from './approving.ts'
import type { Control } from './control.ts'
import { takeControl } from './controls.ts'
import { returned, undrained } from './draining.ts'
import { failed } from './failing.ts'
import {
  type Effect,
  type Finding,
  isOver,
  type NodeProgress,
  type NodeState,
  type Outcome,
  type Rollout,
  type RolloutEvent,
} from './model.ts'
import { takeNewcomers } from './newcomers.ts'
import { changeNode, impose } from './progress.ts'
import { recheckAll } from './rechecks.ts'

/**
 * The whole of a deploy as a pure function: what happened is taken in, then everything that follows from it is decided.
 * Decisions stand in the result as outstanding effects, to be saved before anybody acts on them. Events that were seen
 * before, or come after the end, change nothing. `now` is milliseconds since the epoch.
 */
export function step(rollout: Rollout, event: RolloutEvent, now: number): Rollout {
  if (isOver(rollout.phase)) return rollout
  switch (event.kind) {
    case 'begin':
      return advance(expire(rollout, now), now)
    case 'superseded':
      return superseded(rollout, event.by, now)
    case 'control':
      return afterControl(rollout, event.control, now)
    case 'outcome':
      return afterOutcome(rollout, event.attempt, event.outcome, now)
  }
}

/** Only what waits: one that has begun to install is followed to its end. */
function superseded(rollout: Rollout, by: string, now: number): Rollout {
  if (rollout.phase !== 'queued' && !isGated(rollout)) return rollout
  const reason = `${by} came before it ${isGated(rollout) ? 'was approved' : 'began'}.`
  return { ...rollout, phase: 'superseded', paused: undefined, reason, finishedAt: now }
}

function afterControl(rollout: Rollout, control: Control, now: number): Rollout {
  const taken = takeControl(rollout, control)
  return taken === rollout ? rollout : advance(taken, now)
}

function afterOutcome(rollout: Rollout, attempt: string, outcome: Outcome, now: number): Rollout {
  const effect = rollout.effects.find((one) => one.attempt === attempt)
  if (effect === undefined) return rollout
  const without = { ...rollout, effects: rollout.effects.filter((one) => one !== effect) }
  const applied = outcome.ok ? succeeded(without, effect, outcome.found) : failed(without, effect, outcome)
  return advance(applied, now)
}

function succeeded(rollout: Rollout, effect: Effect, found: Finding | undefined): Rollout {
  if (found !== undefined) return take(rollout, effect, found)
  if (effect.kind === 'soak') return recheckAll(rollout)
  const node = rollout.nodes.find(({ name }) => name === effect.node)
  return node === undefined || node.state === 'excluded' ? rollout : succeededOn(rollout, effect, node)
}

function succeededOn(rollout: Rollout, { kind }: Effect, node: NodeProgress): Rollout {
  const to = (state: NodeState) => changeNode(rollout, node.name, { state })
  switch (kind) {
    case 'stage':
      return to('staged')
    case 'activate':
      return to('verifying')
    case 'verify':
      return to(node.drained ? 'undraining' : 'updated')
    case 'restore':
      // Where the service did not answer before, nobody can ask it now for more than to be back where it was.
      return node.before?.healthy ? to('checking') : returned(rollout, node)
    case 'check':
      return returned(rollout, node)
    case 'undrain':
      return undrained(rollout, node)
    default:
      return rollout
  }
}

function take(rollout: Rollout, effect: Effect, found: Finding): Rollout {
  switch (found.kind) {
    case 'plan': {
      const { kind: _kind, nodes, imposed, ...limits } = found
      return { ...impose(rollout, imposed), ...limits, nodes: nodes.map((name) => ({ name, state: 'waiting' })) }
    }
    case 'discover':
      return takeNewcomers(rollout, found.newcomers)
    case 'probe':
      return changeNode(rollout, effect.node ?? '', {
        state: 'ready',
        nodeClass: found.nodeClass,
        python: found.python,
        before: found.before,
      })
    case 'resolve':
      return changeNode(
        { ...rollout, locks: { ...rollout.locks, [effect.nodeClass ?? '']: found.lock } },
        effect.node ?? '',
        // Of an earlier try.
        { problem: undefined },
      )
  }
}
