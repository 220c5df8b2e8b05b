import { isUntouched, mustDrain } from './draining.ts'
import { giveUp } from './failing.ts'
import { inHand } from './in-hand.ts'
import type { NodeProgress, Rollout } from './model.ts'
import { askAtEnd, askBefore, leaveOutLate, prepareNewcomers } from './newcomers.ts'
import {
  changeNode,
  decide,
  decideOn,
  end,
  finish,
  isAtWork,
  isBusy,
  pauseFrozen,
  serves,
  unavailable,
  updatedNodes,
} from './progress.ts'
import { isSampled, recheckAll, recheckSample } from './rechecks.ts'
import { inOrder, waveOf } from './waves.ts'

/**
 * Wave after wave, and in a wave node after node, is switched, restarted and seen to run the release. The first node goes
 * alone and is watched for a while before any other is touched, as all are between waves, and before each further restart
 * those that run the release are looked at again: one that dies some seconds after its start is met on one node, not on all.
 */
export function rolling(rollout: Rollout, now: number): Rollout {
  const going = inHand(rollout)
  if (going !== undefined) return going
  if (rollout.reason !== undefined) return isAtWork(rollout) ? rollout : end(rollout, 'failed', now)
  if (rollout.effects.some(({ kind }) => kind === 'soak' || kind === 'recheck')) return rollout
  const joining = prepareNewcomers(rollout)
  if (joining !== undefined) return joining
  const candidates = candidatesIn(rollout)
  if (candidates.length === 0) return askAtEnd(rollout) ?? lastSoak(rollout, now)
  const batch = batchOf(rollout, candidates)
  if (batch.length === 0) return isAtWork(rollout) ? rollout : stuck(rollout, candidates)
  if (updatedNodes(rollout).length === 0) return open({ ...rollout, proven: false }, batch, now)
  if (beginsWave(rollout, batch)) return askBefore(rollout, batch) ?? watch(rollout, batch)
  if (!rollout.proven) return watch(rollout, batch)
  if (rollout.rechecked) return open(rollout, batch, now)
  return rollout.rechecked === undefined ? recheckAll(rollout) : recheckSample(rollout)
}

/** Those to be tried once more, which are out of service already; or else the staged ones of the lowest wave. */
function candidatesIn(rollout: Rollout): readonly NodeProgress[] {
  const { nodes } = rollout
  const again = nodes.filter(({ state, fate }) => state === 'failed' && fate === 'again')
  // One that is being put back into the balancer comes next.
  if (again.length > 0) return again.filter((node) => !isBusy(rollout, node))
  const staged = nodes.filter(({ state }) => state === 'staged')
  const wave = Math.min(...staged.map(waveOf))
  return staged.filter((node) => waveOf(node) === wave)
}

/** How many may be restarted now: one, as long as none is known to run the release. */
function batchOf(rollout: Rollout, candidates: readonly NodeProgress[]): readonly NodeProgress[] {
  const alone = updatedNodes(rollout).length === 0
  if (candidates.some(({ state }) => state === 'failed'))
    return candidates.slice(0, alone ? idleRoom(rollout) : undefined)
  const idle = candidates.filter((node) => !serves(node))
  const next = inOrder(rollout, idle.length > 0 ? idle : candidates)
  const out = unavailable(rollout)
  const room = Math.max(0, rollout.maxUnavailable - out)
  return next.slice(0, alone ? Math.min(room, idleRoom(rollout)) : room)
}

/** One, where nothing is being done anywhere. */
function idleRoom(rollout: Rollout): number {
  return isAtWork(rollout) ? 0 : 1
}

/** A wave is not begun in a freeze; one that was begun is done. */
function open(rollout: Rollout, batch: readonly NodeProgress[], now: number): Rollout {
  const wave = Math.max(...batch.map(waveOf))
  const begun = rollout.nodes.some((node) => node.wave === wave && (node.drained === true || !isUntouched(node)))
  const frozen = begun ? undefined : pauseFrozen(rollout, now)
  if (frozen === undefined) return touch(rollout, batch)
  return leaveOutLate(rollout, batch, `not begun: ${frozen.paused?.reason ?? 'frozen'}`) ?? frozen
}

/**
 * All at once: what was seen before the first of them counts for none that comes later. One of an earlier wave that is
 * tried once more goes back to that wave: the next is opened anew.
 */
function touch(rollout: Rollout, batch: readonly NodeProgress[]): Rollout {
  const wave = Math.max(...batch.map(waveOf))
  return batch.reduce<Rollout>((next, node) => changeNode(begin(next, node), node.name, { fate: undefined }), {
    ...rollout,
    wave,
    rechecked: false,
  })
}

function begin(rollout: Rollout, node: NodeProgress): Rollout {
  return mustDrain(rollout, node)
    ? decideOn(rollout, 'drain', node, 'draining')
    : decideOn(rollout, 'activate', node, 'activating')
}

function beginsWave({ wave = 0 }: Rollout, batch: readonly NodeProgress[]): boolean {
  return batch.some((node) => waveOf(node) > wave)
}

/** Only what is at rest can be watched. */
function watch(rollout: Rollout, batch: readonly NodeProgress[]): Rollout {
  if (isAtWork(rollout)) return rollout
  const seconds = beginsWave(rollout, batch) ? (rollout.waveSoakSeconds ?? rollout.soakSeconds) : rollout.soakSeconds
  const wave = Math.max(rollout.wave ?? 0, ...batch.map(waveOf))
  const watched = { ...rollout, proven: true, wave }
  return seconds === 0 ? recheckAll(watched) : soak(watched, seconds)
}

function lastSoak(rollout: Rollout, now: number): Rollout {
  if (rollout.effects.length > 0) return rollout
  if (updatedNodes(rollout).length === 0) return finish(rollout, now)
  const soaking: Rollout = { ...rollout, phase: 'soaking' }
  if (rollout.soakSeconds > 0) return soak(soaking, rollout.soakSeconds)
  // Each was looked at before the last restart, unless they are too many for that.
  return isSampled(rollout) ? recheckAll(soaking) : finish(rollout, now)
}

function soak(rollout: Rollout, seconds: number): Rollout {
  return decide(rollout, 'soak', { seconds })
}

function stuck(rollout: Rollout, candidates: readonly NodeProgress[]): Rollout {
  const { nodes, maxUnavailable } = rollout
  const lost = nodes.filter(({ state }) => state === 'lost').map(({ name }) => name)
  const why = `No further node may be taken out of service, ${maxUnavailable} at a time: ${lost.join(', ')} could not be taken back`
  return leaveOutLate(rollout, candidates, why) ?? giveUp(rollout, why)
}
