import { unresolved, withRelease, withUndrain } from './before-touching.ts'
import type { Effect, NodeProgress, NodeState, Rollout } from './model.ts'
import { changeNode, decide, isAtWork, isBusy } from './progress.ts'
import { waveOf } from './waves.ts'

/*
 * Nodes that join the fleet while a deploy runs. It is asked who the fleet is before each further wave and when all have been
 * touched, where nothing is under way. Newcomers are prepared before anything else is begun, and touched in the last wave, or in
 * one of their own after it. Until one is touched, what goes wrong with it is no matter of this deploy: it is left out.
 */

/** After all waves: once more where the first answer brought newcomers, so that a fleet that always grows ends it all the same. */
const mostEnds = 2

/** Asks before a further wave; `undefined` where nobody is to be asked, or it was. */
export function askBefore(rollout: Rollout, batch: readonly NodeProgress[]): Rollout | undefined {
  const { asked = { wave: 0, ends: 0 } } = rollout
  const wave = Math.max(...batch.map(waveOf))
  if (!rollout.asksAgain || asked.ends > 0 || asked.wave >= wave) return undefined
  return isAtWork(rollout) ? rollout : decide(rollout, 'discover')
}

/** Asks before the last soak. What nobody runs is brought to no further node. */
export function askAtEnd(rollout: Rollout): Rollout | undefined {
  const runs = rollout.nodes.some(({ state }) => state === 'updated' || state === 'current')
  if (!rollout.asksAgain || !runs || (rollout.asked?.ends ?? 0) >= mostEnds) return undefined
  return rollout.effects.length > 0 ? rollout : decide(rollout, 'discover')
}

/** Those that are new. While it is paused nobody is taken in: it is asked again when it goes on. */
export function takeNewcomers(rollout: Rollout, names: readonly string[]): Rollout {
  if (rollout.phase !== 'rolling') return rollout
  const fresh = names.filter((name) => !rollout.nodes.some((node) => node.name === name))
  const joined = fresh.map((name): NodeProgress => ({ name, state: 'waiting', joined: true }))
  const nodes = [...rollout.nodes, ...joined]
  return { ...rollout, nodes, fleetProblem: undefined, asked: askedNow(rollout, joined.length) }
}

/** The fleet is as it was: half an answer, or none, takes nobody in and nobody out. */
export function notTold(rollout: Rollout, problem: string): Rollout {
  if (rollout.phase !== 'rolling') return rollout
  return { ...rollout, fleetProblem: problem, asked: askedNow(rollout, 0) }
}

function askedNow({ nodes, asked }: Rollout, found: number): NonNullable<Rollout['asked']> {
  const { wave, ends } = asked ?? { wave: 0, ends: 0 }
  const staged = nodes.filter(({ state }) => state === 'staged')
  if (staged.length > 0) return { wave: Math.min(...staged.map(waveOf)), ends }
  return { wave, ends: found === 0 ? mostEnds : ends + 1 }
}

/** What is to be done with newcomers before anything else is begun; `undefined` where there is nothing. */
export function prepareNewcomers(rollout: Rollout): Rollout | undefined {
  if (rollout.effects.some(({ kind }) => kind === 'discover')) return rollout
  const next = stageNewcomers(resolveNewcomers(probeNewcomers(rollout)))
  if (next !== rollout) return next
  if (newcomersIn(rollout, 'waiting', 'ready').length > 0) return rollout
  const late = newcomersIn(rollout, 'staged').filter(({ wave }) => wave === undefined)
  return late.length === 0 ? undefined : toLastWave(rollout, late)
}

function newcomersIn({ nodes }: Rollout, ...states: readonly NodeState[]): readonly NodeProgress[] {
  return nodes.filter(({ state, joined }) => joined === true && states.includes(state))
}

function probeNewcomers(rollout: Rollout): Rollout {
  const idle = newcomersIn(rollout, 'waiting').filter((node) => !isBusy(rollout, node))
  return idle.reduce((next, { name }) => decide(next, 'probe', { node: name }), rollout)
}

/** Where people approved, nothing is pinned that they did not see. */
function resolveNewcomers(rollout: Rollout): Rollout {
  const firsts = unresolved({ ...rollout, nodes: newcomersIn(rollout, 'ready') })
  if (rollout.approvals !== undefined) return firsts.reduce(leftUnapproved, rollout)
  return firsts.reduce(
    (next, { name, nodeClass }) => decide(next, 'resolve', { node: name, ...(nodeClass && { nodeClass }) }),
    rollout,
  )
}

function leftUnapproved(rollout: Rollout, { nodeClass }: NodeProgress): Rollout {
  const problem = 'is of a class of node whose dependencies nobody approved: relock the service for it'
  return leftOut(rollout, nodeClass, problem)
}

function stageNewcomers(rollout: Rollout): Rollout {
  const ready = newcomersIn(rollout, 'ready').filter((node) => !isBusy(rollout, node) && isLocked(rollout, node))
  return ready.reduce((next, node) => {
    const released = withUndrain(rollout, withRelease(rollout, node))
    const known = changeNode(next, node.name, released)
    return released.state === 'ready' ? decide(known, 'stage', { node: node.name }) : known
  }, rollout)
}

function isLocked({ locks }: Rollout, { nodeClass = '' }: NodeProgress): boolean {
  return locks[nodeClass] !== undefined
}

/** The last wave, where it has not begun: it was the last to be touched anyway. */
function toLastWave(rollout: Rollout, late: readonly NodeProgress[]): Rollout {
  const others = rollout.nodes.filter((node) => !late.includes(node))
  const last = Math.max(rollout.wave ?? 0, ...others.map(waveOf))
  const waits = others.some((node) => node.state === 'staged' && waveOf(node) === last)
  const wave = waits ? last : last + 1
  return late.reduce((next, { name }) => changeNode(next, name, { wave }), rollout)
}

/** Where only newcomers are left nobody waits for a person for their sake, and nothing that runs well goes back; else `undefined`. */
export function leaveOutLate(rollout: Rollout, nodes: readonly NodeProgress[], problem: string): Rollout | undefined {
  if (!nodes.every(({ state, joined }) => joined === true && state === 'staged')) return undefined
  const left = newcomersIn(rollout, 'staged')
  return left.reduce((next, { name }) => changeNode(next, name, { problem, state: 'unprepared' }), rollout)
}

/** A newcomer that cannot be asked or prepared: no budget counts it. */
export function notTakenIn(
  rollout: Rollout,
  { kind, nodeClass }: Effect,
  { name }: NodeProgress,
  { problem, unreachable = false }: { readonly problem: string; readonly unreachable?: boolean },
): Rollout {
  if (unreachable) return changeNode(rollout, name, { problem, state: 'unreachable' })
  // What the release needs is the same on every node of the class.
  if (kind === 'resolve') return leftOut(rollout, nodeClass, problem)
  return changeNode(rollout, name, { problem, state: 'unprepared' })
}

function leftOut(rollout: Rollout, nodeClass: string | undefined, problem: string): Rollout {
  const alike = newcomersIn(rollout, 'ready').filter((node) => node.nodeClass === nodeClass)
  return alike.reduce((next, { name }) => changeNode(next, name, { problem, state: 'unprepared' }), rollout)
}
