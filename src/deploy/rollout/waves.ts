import type { Limits, NodeProgress, Rollout } from './model.ts'
import { serves } from './progress.ts'

/** Says of each staged node in which wave it is touched; the others never are. */
export function assignWaves(rollout: Rollout): Rollout {
  const order = inOrder(
    rollout,
    rollout.nodes.filter(({ state }) => state === 'staged'),
  )
  const canaries = order.filter(({ name }) => isCanary(rollout, name))
  const last = canaries.at(-1)
  const ends = waveEnds(rollout, order.length, last === undefined ? 0 : order.indexOf(last) + 1)
  const waveOf = (name: string) => {
    const at = order.findIndex((node) => node.name === name)
    return ends.findIndex((end) => at < end)
  }
  const nodes = rollout.nodes.map((node) => (order.includes(node) ? { ...node, wave: waveOf(node.name) } : node))
  return { ...rollout, nodes }
}

/**
 * Those that serve nobody go first: what they are to run is tried where nothing can be lost, and no node that serves is
 * taken out while they are still out. Among equals the canaries go first.
 */
export function inOrder(rollout: Rollout, nodes: readonly NodeProgress[]): readonly NodeProgress[] {
  const rank = (node: NodeProgress) => (serves(node) ? 2 : 0) + (isCanary(rollout, node.name) ? 0 : 1)
  return [...nodes].sort((a, b) => rank(a) - rank(b))
}

export function waveOf({ wave = 0 }: NodeProgress): number {
  return wave
}

function isCanary({ canary }: Limits, name: string): boolean {
  return canary?.includes(name) ?? false
}

/** How many of so many nodes have been touched when each wave ends. The canaries are a wave of their own. */
function waveEnds({ waves = [] }: Limits, count: number, canaryEnd: number): readonly number[] {
  const ends = [canaryEnd, ...waves.filter((end) => end > canaryEnd), count].map((end) => Math.min(end, count))
  return [...new Set(ends)].filter((end) => end > 0)
}

/** Sizes of the waves, as they are where every node takes part and serves. */
export function waveSizes(limits: Limits, count: number): readonly number[] {
  const ends = waveEnds(limits, count, limits.canary?.length ?? 0)
  return ends.map((end, at) => end - (ends[at - 1] ?? 0))
}
