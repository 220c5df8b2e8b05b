import fc from 'fast-check'
import type { Control, ControlKind } from '../../src/deploy/rollout/control.ts'
import {
  type Effect,
  failurePolicies,
  isOver,
  type Limits,
  type NodeProgress,
  type Outcome,
  type Rollout,
  rolloutSchema,
} from '../../src/deploy/rollout/model.ts'
import { step } from '../../src/deploy/rollout/step.ts'
import { blank, outcomeOf, type World, worldNode, worlds } from './rollout-worlds.ts'

/** A world with a policy, people who say things at any moment, nodes out of reach, and a worker that dies. */
export interface RunWorld extends World {
  readonly limits: Partial<Limits>
  /** What is said at which turn; what comes late is said while the deploy is paused. */
  readonly controls: readonly { readonly turn: number; readonly kind: ControlKind; readonly node: number }[]
  /** Of the failing effects, those whose node cannot be reached: by the number of their decision. */
  readonly unreachable: readonly boolean[]
  /** Of those, the ones that have left the fleet. */
  readonly gone: readonly boolean[]
  /** Probes that find another class of node than the world has: by the number of their decision. */
  readonly reclassed: readonly boolean[]
  readonly later: World['nodes']
  /** At which turn each of those is in the inventory. */
  readonly arrivals: readonly number[]
  /** At these turns the worker is another, which knows the document alone. */
  readonly crashes: readonly number[]
  /** At this turn a newer promotion comes. */
  readonly newer?: number | undefined
}

const policies = fc.record(
  {
    waves: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }).map((ends) => ends.sort()),
    waveSoakSeconds: fc.constantFrom(0, 5),
    canary: fc.subarray(['node0', 'node2', 'node4'], { minLength: 1 }),
    maxFailures: fc.integer({ min: 0, max: 3 }),
    maxUnreachable: fc.integer({ min: 0, max: 2 }),
    onFailure: fc.constantFrom(...failurePolicies),
    drains: fc.boolean(),
    prepares: fc.boolean(),
    asksAgain: fc.boolean(),
    freezes: fc.array(
      fc.record({ begins: fc.nat(80), lasts: fc.integer({ min: 1, max: 40 }) }).map(({ begins, lasts }) => ({
        from: new Date(begins).toISOString(),
        to: new Date(begins + lasts).toISOString(),
        zone: 'UTC',
      })),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)

const approvals = fc.record({
  needed: fc.integer({ min: 1, max: 3 }),
  // So many turns.
  expireHours: fc.constantFrom(10, 100, 1_000).map((turns) => turns / 3_600_000),
})

/** Most need none: what waits for people shows nothing of what comes after. */
const gatedPolicies = fc.oneof(
  { weight: 3, arbitrary: policies },
  { weight: 1, arbitrary: fc.tuple(policies, approvals).map(([policy, needed]) => ({ ...policy, approvals: needed })) },
)

/** As often as they are to be said. Of an approval the number of the node says who gives it. */
const kinds: readonly ControlKind[] = [
  ...(['pause', 'resume', 'resume', 'retry', 'retry', 'exclude', 'abort'] as const),
  ...(['approve', 'approve', 'approve', 'approve', 'freezes'] as const),
]

const sometimes = (weight: number) =>
  fc.array(
    fc.nat(weight).map((n) => n === 0),
    { minLength: 20, maxLength: 60 },
  )

export const runWorlds: fc.Arbitrary<RunWorld> = fc
  .record({
    world: worlds,
    limits: gatedPolicies,
    // Where much fails few come far.
    failures: fc.oneof(sometimes(5), sometimes(30)),
    unreachable: sometimes(2),
    gone: sometimes(3),
    reclassed: sometimes(6),
    later: fc.array(worldNode, { maxLength: 3 }),
    arrivals: fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
    controls: fc.array(
      fc.record({
        turn: fc.nat(60),
        kind: fc.constantFrom<ControlKind>(...kinds),
        node: fc.nat(5),
      }),
      { maxLength: 8 },
    ),
    crashes: fc.array(fc.nat(60), { maxLength: 3 }),
    newer: fc.option(fc.nat(60), { nil: undefined, freq: 4 }),
  })
  .map(({ world, ...rest }) => ({ ...world, ...rest }))

/** What a node is like, whatever the document says. */
interface SimulatedNode {
  touched: boolean
  serving: boolean
  /** Out of the balancer. */
  drained: boolean
  release: 'before' | 'new' | 'none'
}

export interface Run {
  readonly states: readonly Rollout[]
  /** When each state came about. */
  readonly times: readonly number[]
  /** The fleet after each state. */
  readonly fleets: readonly ReadonlyMap<string, Readonly<SimulatedNode>>[]
  readonly controls: readonly Control[]
  /** Attempts in the order in which they ended. */
  readonly ended: readonly string[]
  readonly undrains: readonly { readonly node: string; readonly ok: boolean }[]
  readonly last: Rollout
}

const number = ({ attempt }: Effect) => Number(/\.(\d+)-/.exec(attempt)?.[1])
const picks = (flags: readonly boolean[], effect: Effect) => flags[number(effect) % flags.length] ?? false

export function runIn(world: RunWorld): Run {
  const fails = (effect: Effect) => effect.kind !== 'soak' && picks(world.failures, effect)
  const fleet = new Map([...world.nodes, ...world.later].map(({ before }, n) => [`node${n}`, simulated(before)]))
  const waiting = [...world.controls].sort((a, b) => a.turn - b.turn)
  const [states, times]: [Rollout[], number[]] = [[], []]
  const fleets: Map<string, SimulatedNode>[] = []
  const controls: Control[] = []
  const ended: string[] = []
  const undrains: Run['undrains'][number][] = []
  const keep = (next: Rollout, now: number) => {
    const known = states.at(-1)?.effects.map(({ attempt }) => attempt) ?? []
    for (const effect of next.effects) if (!known.includes(effect.attempt)) begin(fleet, effect)
    states.push(next)
    times.push(now)
    fleets.push(new Map([...fleet].map(([name, node]) => [name, { ...node }])))
  }
  keep(step(blank, { kind: 'begin' }, 1), 1)
  for (let turn = 0; turn < 800; turn++) {
    const current = states.at(-1) ?? blank
    if (world.crashes.includes(turn))
      keep(step(rolloutSchema.parse(JSON.parse(JSON.stringify(current))), { kind: 'begin' }, turn), turn)
    if (world.newer === turn) keep(step(states.at(-1) ?? blank, { kind: 'superseded', by: 'a newer one' }, turn), turn)
    const now = states.at(-1) ?? blank
    const effect = now.effects[(world.order[turn % world.order.length] ?? 0) % Math.max(1, now.effects.length)]
    const due = waiting[0] !== undefined && (waiting[0].turn <= turn || effect === undefined)
    if (due && !isOver(now.phase)) {
      const control = controlOf(waiting.shift(), controls.length + 1, turn)
      controls.push(control)
      keep(step(now, { kind: 'control', control }, turn), turn)
    } else if (effect === undefined) {
      return { states, times, fleets, controls, ended, undrains, last: now }
    } else {
      const outcome = inReach(world, effect, found(world, effect, turn, outcomeOf(planned(world), effect, fails)))
      end(fleet, now, effect, outcome)
      ended.push(effect.attempt)
      if (effect.kind === 'undrain') undrains.push({ node: effect.node ?? '', ok: outcome.ok })
      keep(step(now, { kind: 'outcome', attempt: effect.attempt, outcome }, turn), turn)
    }
  }
  throw new Error(`it never ends: ${JSON.stringify(states.at(-1), null, 1)}`)
}

function controlOf(said: RunWorld['controls'][number] | undefined, n: number, turn: number): Control {
  const { kind = 'resume', node = 0 } = said ?? {}
  const at = new Date(turn).toISOString()
  // Six tokens of three people.
  const who = kind === 'approve' ? { by: `token${node}`, account: `person${node % 3}` } : { by: 'alice' }
  // Of some turns, or none any more.
  const freeze = {
    id: `${n}`,
    from: at,
    to: new Date(turn + 20).toISOString(),
    zone: 'UTC',
    reason: 'audit',
    by: '',
    at,
  }
  const imposed = kind === 'freezes' ? { imposed: { serial: n, freezes: node < 3 ? [freeze] : [] } } : {}
  return { number: n, id: `${n}`, kind, node: `node${node}`, ...who, at, ...imposed }
}

function planned(world: RunWorld): World & Partial<Limits> {
  const { nodes, later, maxUnavailable, soakSeconds, failures, order, limits } = world
  return { nodes, later, maxUnavailable, soakSeconds, failures, order, ...limits }
}

function inReach(world: RunWorld, effect: Effect, outcome: Outcome): Outcome {
  const unreachable = picks(world.unreachable, effect)
  return outcome.ok ? outcome : { ...outcome, unreachable, gone: unreachable && picks(world.gone, effect) }
}

function found(world: RunWorld, effect: Effect, turn: number, outcome: Outcome): Outcome {
  if (outcome.ok && effect.kind === 'discover') {
    const names = world.later.map((_, n) => `node${world.nodes.length + n}`)
    const newcomers = names.filter((_, n) => (world.arrivals[n] ?? 0) <= turn)
    return { ok: true, found: { kind: 'discover', newcomers } }
  }
  if (!outcome.ok || outcome.found?.kind !== 'probe' || !picks(world.reclassed, effect)) return outcome
  return { ok: true, found: { ...outcome.found, nodeClass: 'd'.repeat(64) } }
}

function simulated(before: World['nodes'][number]['before']): SimulatedNode {
  const serving = before !== 'nothing' && before !== 'broken'
  return { touched: false, serving, drained: false, release: before === 'nothing' ? 'none' : 'before' }
}

function begin(fleet: Map<string, SimulatedNode>, { kind, node }: Effect): void {
  const at = fleet.get(node ?? '')
  if (at === undefined) return
  if (kind === 'drain') at.drained = true
  if (kind !== 'activate' && kind !== 'restore') return
  at.touched = true
  at.serving = false
}

/** What a failing restart leaves is the worst: switched, and not serving. */
function end(fleet: Map<string, SimulatedNode>, rollout: Rollout, { kind, node }: Effect, { ok }: Outcome): void {
  const at = fleet.get(node ?? '')
  const before = rollout.nodes.find(({ name }) => name === node)?.before
  if (at === undefined) return
  if (kind === 'undrain' && ok) at.drained = false
  if (kind === 'activate') at.release = 'new'
  if (kind === 'restore' && ok) at.release = 'before'
  if (kind === 'verify' || kind === 'recheck' || kind === 'check') at.serving = ok
  if (kind === 'restore' && before?.healthy !== true) at.serving = false
}

/** Nodes that are missed because of the deploy, as their service is down or out of the balancer: a person who leaves one out misses it no more. */
export function missedIn(rollout: Rollout, fleet: Run['fleets'][number] | undefined): readonly NodeProgress[] {
  return rollout.nodes.filter(({ name, state, before }) => {
    const node = fleet?.get(name)
    const out = node?.drained === true || (node?.touched === true && !node.serving)
    return before?.healthy === true && out && state !== 'excluded' && state !== 'gone'
  })
}
