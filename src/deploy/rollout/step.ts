import { advance } from './advance.ts'
import {
  type Effect,
  type Finding,
  isOver,
  type NodeState,
  type Outcome,
  type Rollout,
  type RolloutEvent,
} from './model.ts'
import { changeNode, fail, recheckAll } from './progress.ts'

/**
 * The whole of a deploy as a pure function: what happened is taken in, then everything that follows from it is decided.
 * Decisions stand in the result as outstanding effects, to be saved before anybody acts on them. Events that were seen
 * before, or come after the end, change nothing. `now` is milliseconds since the epoch.
 */
export function step(rollout: Rollout, event: RolloutEvent, now: number): Rollout {
  if (isOver(rollout.phase)) return rollout
  switch (event.kind) {
    case 'begin':
      return advance(rollout, now)
    case 'superseded':
      return rollout.phase === 'queued'
        ? { ...rollout, phase: 'superseded', reason: `${event.by} came before it began.`, finishedAt: now }
        : rollout
    case 'outcome':
      return afterOutcome(rollout, event.attempt, event.outcome, now)
  }
}

function afterOutcome(rollout: Rollout, attempt: string, outcome: Outcome, now: number): Rollout {
  const effect = rollout.effects.find((one) => one.attempt === attempt)
  if (effect === undefined) return rollout
  const without = { ...rollout, effects: rollout.effects.filter((one) => one !== effect) }
  const applied = outcome.ok ? succeeded(without, effect, outcome.found) : failed(without, effect, outcome.problem)
  return advance(applied, now)
}

function succeeded(rollout: Rollout, effect: Effect, found: Finding | undefined): Rollout {
  if (found !== undefined) return take(rollout, effect, found)
  if (effect.kind === 'soak') return recheckAll(rollout)
  const next: Partial<Record<Effect['kind'], NodeState>> = {
    stage: 'staged',
    activate: 'verifying',
    verify: 'updated',
    restore: 'checking',
    check: 'restored',
  }
  const state = next[effect.kind]
  if (state === undefined || effect.node === undefined) return rollout
  // Where the service did not answer before, nobody can ask it now for more than to be back where it was.
  const restored = effect.kind === 'restore' && !wasHealthy(rollout, effect.node)
  return changeNode(rollout, effect.node, { state: restored ? 'restored' : state })
}

function wasHealthy(rollout: Rollout, name: string): boolean {
  return rollout.nodes.find((node) => node.name === name)?.before?.healthy ?? false
}

function take(rollout: Rollout, effect: Effect, found: Finding): Rollout {
  switch (found.kind) {
    case 'plan':
      return {
        ...rollout,
        nodes: found.nodes.map((name) => ({ name, state: 'waiting' })),
        maxUnavailable: found.maxUnavailable,
        soakSeconds: found.soakSeconds,
      }
    case 'probe':
      return changeNode(rollout, effect.node ?? '', {
        state: 'ready',
        nodeClass: found.nodeClass,
        before: found.before,
      })
    case 'resolve':
      return { ...rollout, locks: { ...rollout.locks, [effect.nodeClass ?? '']: found.lock } }
  }
}

/** Before anything was touched a failure ends the deploy; after it, the touched nodes go back. */
function failed(rollout: Rollout, effect: Effect, problem: string): Rollout {
  const told = effect.node === undefined ? rollout : changeNode(rollout, effect.node, { problem })
  const reason = effect.node === undefined ? problem : `${effect.node}: ${problem}`
  switch (effect.kind) {
    case 'activate':
    case 'verify':
    case 'recheck':
      return fail(changeNode(told, effect.node ?? '', { state: 'failed' }), 'rolling_back', reason)
    case 'restore':
    case 'check':
      return changeNode(told, effect.node ?? '', { state: 'lost' })
    default:
      return fail(told, rollout.phase, reason)
  }
}
