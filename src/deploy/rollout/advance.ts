import { beforeTouching } from './before-touching.ts'
import { rollingBack } from './going-back.ts'
import { inHand } from './in-hand.ts'
import type { Rollout } from './model.ts'
import { decide, end, finish } from './progress.ts'
import { rolling } from './rolling.ts'

/** Everything that follows from where the rollout stands, until nothing more does. */
export function advance(rollout: Rollout, now: number): Rollout {
  let current = rollout
  for (;;) {
    const next = follow(current, now)
    if (next === current) return current
    current = next
  }
}

function follow(rollout: Rollout, now: number): Rollout {
  switch (rollout.phase) {
    case 'queued':
      return begin(rollout, now)
    case 'planning':
    case 'resolving':
    case 'gated':
    case 'staging':
    case 'preparing':
      return beforeTouching(rollout, now)
    case 'rolling':
      return rolling(rollout, now)
    case 'soaking':
      return soaking(rollout, now)
    case 'paused':
      return inHand(rollout) ?? rollout
    case 'rolling_back':
      return rollingBack(rollout, now)
    default:
      return rollout
  }
}

function begin(rollout: Rollout, now: number): Rollout {
  if (rollout.aborted) return end(rollout, 'aborted', now)
  return decide({ ...rollout, phase: 'planning', startedAt: now }, 'plan')
}

/** The soak is followed by one more look at every updated node (`step.ts`): a process that crashed is another process. */
function soaking(rollout: Rollout, now: number): Rollout {
  const going = inHand(rollout)
  if (going !== undefined) return going
  if (rollout.effects.length > 0) return rollout
  return rollout.reason === undefined ? finish(rollout, now) : end(rollout, 'failed', now)
}
