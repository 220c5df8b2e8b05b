import type { Effect, EffectKind, NodeProgress, NodeState, Phase, Rollout } from './model.ts'

export function changeNode(rollout: Rollout, name: string, change: Partial<NodeProgress>): Rollout {
  return { ...rollout, nodes: rollout.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)) }
}

/** The first reason stands: what goes wrong afterwards is mostly its consequence. */
export function fail(rollout: Rollout, phase: Phase, reason: string): Rollout {
  return { ...rollout, phase, reason: rollout.reason ?? reason }
}

/** Decides an effect. Its attempt is numbered, so that deciding again, in another worker, gives it another name. */
export function decide(rollout: Rollout, kind: EffectKind, rest: Omit<Effect, 'attempt' | 'kind'> = {}): Rollout {
  const decided = rollout.decided + 1
  const nonce = rollout.nonce === undefined ? '' : `-${rollout.nonce}`
  const effect: Effect = { attempt: `${rollout.deploy}.${decided}-${kind}${nonce}`, kind, ...rest }
  return { ...rollout, decided, effects: [...rollout.effects, effect] }
}

/** Decides an effect on a node and says what the node is doing from now on. */
export function decideOn(rollout: Rollout, kind: EffectKind, node: NodeProgress, state: NodeState): Rollout {
  const decided = decide(rollout, kind, { node: node.name })
  const attempt = decided.effects.at(-1)?.attempt
  const restarts = kind === 'activate' || kind === 'restore'
  return changeNode(decided, node.name, {
    state,
    ...(restarts && attempt !== undefined ? { activation: attempt } : {}),
  })
}

/** One more look at every updated node: a process that crashed is gone, or another one. */
export function recheckAll(rollout: Rollout): Rollout {
  const updated = rollout.nodes.filter((node) => node.state === 'updated')
  return updated.reduce<Rollout>((next, node) => decide(next, 'recheck', { node: node.name }), {
    ...rollout,
    rechecked: true,
  })
}

export function end(rollout: Rollout, phase: Phase, now: number): Rollout {
  return { ...rollout, phase, finishedAt: now }
}

export function isBusy(rollout: Rollout, node: NodeProgress): boolean {
  return rollout.effects.some((effect) => effect.node === node.name)
}

/** Whether the service answered on a node when the deploy began: only such a node can be taken out of service. */
export function serves({ before }: NodeProgress): boolean {
  return before?.healthy ?? false
}

/**
 * Nodes that may be out of service because of this deploy: being restarted, not yet verified, or left broken. Those that
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

function countsAsUnavailable(node: NodeProgress): boolean {
  return ['activating', 'verifying', 'failed', 'restoring', 'checking', 'lost', 'stranded'].includes(node.state)
}
