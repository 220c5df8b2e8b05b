import type { NodeProgress, Rollout } from './model.ts'
import { decide, updatedNodes } from './progress.ts'

/**
 * How many are looked at again before each further restart. All would be 128,000 looks in a fleet of 500; of these none
 * could be left out:
 * - the oldest: what dies so many seconds after its start dies there first;
 * - the newest: what dies soon, or on some nodes only, dies there;
 * - some of the others in turn: what happens to one of them is met some restarts later.
 */
const [oldest, newest, others] = [1, 2, 7]

/** One more look at every updated node: a process that crashed is gone, or another one. */
export function recheckAll(rollout: Rollout): Rollout {
  return recheck(rollout, updatedNodes(rollout))
}

/** Whether fewer than all are looked at before each further restart. */
export function isSampled(rollout: Rollout): boolean {
  return sampleOf(rollout).length < updatedNodes(rollout).length
}

/** One more look at those of the updated nodes that tell the most. */
export function recheckSample(rollout: Rollout): Rollout {
  return recheck(rollout, sampleOf(rollout))
}

function recheck(rollout: Rollout, chosen: readonly NodeProgress[]): Rollout {
  const names = new Set(chosen.map(({ name }) => name))
  const looked = rollout.decided
  const nodes = rollout.nodes.map((node) => (names.has(node.name) ? { ...node, looked } : node))
  const seen: Rollout = { ...rollout, nodes, rechecked: true }
  return chosen.reduce<Rollout>((next, { name }) => decide(next, 'recheck', { node: name }), seen)
}

function sampleOf(rollout: Rollout): readonly NodeProgress[] {
  const updated = updatedNodes(rollout)
  const byAge = [...updated].sort((a, b) => (a.touched ?? 0) - (b.touched ?? 0))
  // A whole batch that was restarted at once is new.
  const end = Math.max(oldest, byAge.length - Math.max(newest, rollout.maxUnavailable))
  const inTurn = byAge.slice(oldest, end).sort((a, b) => lastLook(a) - lastLook(b))
  const chosen = new Set([...byAge.slice(0, oldest), ...inTurn.slice(0, others), ...byAge.slice(end)])
  return updated.filter((node) => chosen.has(node))
}

function lastLook({ touched = 0, looked = touched }: NodeProgress): number {
  return Math.max(touched, looked)
}
