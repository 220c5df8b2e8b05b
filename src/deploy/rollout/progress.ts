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

export function isBusy(rollout: Rollout, node: NodeProgress): boolean {
  return rollout.effects.some((effect) => effect.node === node.name)
}

/**
 * Nodes that may be out of service because of this deploy: being restarted, not yet verified, or left broken. Those that
 * did not answer when it began do not count: a deploy that mends a broken fleet must not be held up by it.
 */
export function unavailable(rollout: Rollout): number {
  return rollout.nodes.filter(countsAsUnavailable).length
}

export function countsAsUnavailable(node: NodeProgress): boolean {
  return ['activating', 'verifying', 'failed', 'restoring', 'checking', 'lost', 'stranded'].includes(node.state)
}
