import { describeFrozen, type Freeze, frozenAt } from './freezes.ts'
import type { Effect, EffectKind, NodeProgress, NodeState, Phase, Rollout } from './model.ts'

export function changeNode(rollout: Rollout, name: string, change: Partial<NodeProgress>): Rollout {
  return { ...rollout, nodes: rollout.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)) }
}

/** Nothing new is begun until a person says how it goes on. */
export function pause(rollout: Rollout, reason: string, failure: boolean): Rollout {
  return { ...rollout, phase: 'paused', paused: { from: phaseOf(rollout), reason, failure } }
}

/** Paused where a freeze is on that nobody has passed over; `undefined` where it may go on. */
export function pauseFrozen(rollout: Rollout, now: number): Rollout | undefined {
  const frozen = frozenAt(freezesFor(rollout), now)
  if (frozen === undefined) return undefined
  const reason = `${rollout.service} is ${describeFrozen(frozen)}`
  return { ...rollout, phase: 'paused', paused: { from: phaseOf(rollout), reason, failure: false, frozen: true } }
}

/** News may come in another order than they came about. */
export function impose(rollout: Rollout, imposed: Rollout['imposed']): Rollout {
  return imposed === undefined || imposed.serial <= (rollout.imposed?.serial ?? -1) ? rollout : { ...rollout, imposed }
}

/** One that was made after somebody let it go on is news to whoever that was. */
export function freezesFor({ freezes = [], imposed, thawed, passed = [] }: Rollout): readonly Freeze[] {
  const made = imposed?.freezes.filter(({ id }) => !passed.includes(id)) ?? []
  return thawed ? made : [...freezes, ...made]
}

/** Decides an effect. Its attempt is numbered, so that deciding again, in another worker, gives it another name. */
export function decide(rollout: Rollout, kind: EffectKind, rest: Omit<Effect, 'attempt' | 'kind'> = {}): Rollout {
  const decided = rollout.decided + 1
  const nonce = rollout.nonce === undefined ? '' : `-${rollout.nonce}`
  const effect: Effect = { attempt: `${rollout.deploy}.${decided}-${kind}${nonce}`, kind, ...rest }
  return { ...rollout, decided, effects: [...rollout.effects, effect] }
}

/** Decides an effect on a node and says what the node is doing from now on. */
export function decideOn(
  rollout: Rollout,
  kind: EffectKind,
  node: NodeProgress,
  state: NodeState,
  rest: Pick<Effect, 'seconds'> = {},
): Rollout {
  const decided = decide(rollout, kind, { node: node.name, ...rest })
  const attempt = decided.effects.at(-1)?.attempt
  const restarts = kind === 'activate' || kind === 'restore'
  return changeNode(decided, node.name, {
    state,
    // Owed from here on, whatever becomes of the drain.
    ...(kind === 'drain' ? { drained: true } : {}),
    ...(restarts && attempt !== undefined ? { activation: attempt, touched: decided.decided } : {}),
  })
}

export function end(rollout: Rollout, phase: Phase, now: number): Rollout {
  return { ...rollout, phase, finishedAt: now }
}

/** All that was to be done is done. A deploy to nobody is no success. */
export function finish(rollout: Rollout, now: number): Rollout {
  if (rollout.nodes.some(({ state }) => state === 'updated' || state === 'current')) {
    return end(rollout, 'succeeded', now)
  }
  return end({ ...rollout, reason: 'No node runs it: all of them were left out.' }, 'failed', now)
}

export function isBusy(rollout: Rollout, node: NodeProgress): boolean {
  return rollout.effects.some((effect) => effect.node === node.name)
}

/** Whether the service answered on a node when the deploy began: only such a node can be taken out of service. */
export function serves({ before }: NodeProgress): boolean {
  return before?.healthy ?? false
}

/**
 * Nodes that may be out of service because of this deploy: drained, being restarted, not yet verified, or left broken. Those that
 * did not answer when it began count only once they are touched: a deploy that mends a broken fleet must not be held up
 * by it, and as they go first, none of them is still out when one that serves is next.
 */
export function unavailable(rollout: Rollout): number {
  return rollout.nodes.filter(countsAsUnavailable).length
}

/** Those of them that the service misses: what served nobody before holds up no other node's way back. */
export function outOfService(rollout: Rollout): number {
  return rollout.nodes.filter((node) => countsAsUnavailable(node) && serves(node)).length
}

const outStates: readonly NodeState[] = [
  'draining',
  'activating',
  'verifying',
  'undraining',
  'failed',
  'restoring',
  'checking',
  'returning',
]

/** What served nobody before and is left as it is takes nothing away from anybody. */
function countsAsUnavailable(node: NodeProgress): boolean {
  if (node.state === 'lost' || node.state === 'stranded') return serves(node)
  return outStates.includes(node.state)
}

export function updatedNodes({ nodes }: Rollout): readonly NodeProgress[] {
  return nodes.filter(({ state }) => state === 'updated')
}

/** A node that is left out from here on counts no more. */
export function leaveOut(rollout: Rollout, name: string): Rollout {
  return changeNode(rollout, name, { state: 'excluded', failure: undefined, fate: undefined })
}

/** What is under way on nodes, as looks and restarts are; waiting is not. */
export function isAtWork({ effects }: Rollout): boolean {
  return effects.some(({ kind }) => kind !== 'soak')
}

/** Nobody waits any longer, nor is anybody taken in: what is decided next does not depend on it. */
export function withoutWaiting(rollout: Rollout): Rollout {
  const waits: readonly Effect['kind'][] = [
    'soak',
    'discover',
    ...(isBeforeTouching(phaseOf(rollout)) ? [] : (['probe'] as const)),
  ]
  return { ...rollout, effects: rollout.effects.filter(({ kind }) => !waits.includes(kind)) }
}

/** Whether nothing that runs has been touched in this phase or those before it. */
export function isBeforeTouching(phase: Phase): boolean {
  return ['queued', 'planning', 'resolving', 'gated', 'staging', 'preparing'].includes(phase)
}

/** The phase in which it is, or goes on where it is paused. */
export function phaseOf({ phase, paused }: Pick<Rollout, 'phase' | 'paused'>): Phase {
  return phase === 'paused' && paused !== undefined ? paused.from : phase
}
