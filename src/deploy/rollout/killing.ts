import type { Effect, Rollout } from './model.ts'
import { decide } from './progress.ts'

/** What a second abort ends. What takes a node back, or to the balancer, is none of it: half of that is worse than none. */
const killable: readonly Effect['kind'][] = ['resolve', 'stage', 'prepare', 'activate']

/** What is in hand on nodes and was not told to end yet. */
export function toKill({ effects }: Rollout): readonly Effect[] {
  const dying = effects.map(({ victim }) => victim?.attempt)
  return effects.filter(({ kind, attempt }) => killable.includes(kind) && !dying.includes(attempt))
}

/** The outcome of what is killed is waited for as ever: the node tells how it ended. */
export function killInHand(rollout: Rollout): Rollout {
  return toKill(rollout).reduce<Rollout>(
    (next, { attempt, node = '' }) => decide(next, 'kill', { victim: { attempt, node } }),
    rollout,
  )
}
