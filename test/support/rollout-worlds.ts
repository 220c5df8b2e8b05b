import fc from 'fast-check'
import { newRollout } from '../../src/deploy/rollout/begin.ts'
import type { Effect, Limits, NodeProgress, Outcome, Rollout } from '../../src/deploy/rollout/model.ts'
import { step } from '../../src/deploy/rollout/step.ts'

const befores = ['nothing', 'healthy', 'broken', 'this release', 'this release, it says'] as const

interface WorldNode {
  readonly nodeClass: string
  readonly before: (typeof befores)[number]
}

/** What the world of one deploy is like, node by node. */
export interface World {
  readonly nodes: readonly WorldNode[]
  /** Those that come into the fleet while it runs, numbered on. */
  readonly later?: readonly WorldNode[] | undefined
  readonly maxUnavailable: number
  readonly soakSeconds: number
  /** Which effects fail: by the number of their decision, modulo the length. */
  readonly failures: readonly boolean[]
  /** Which of the outstanding effects ends next. */
  readonly order: readonly number[]
}

export const worldNode: fc.Arbitrary<WorldNode> = fc.record({
  nodeClass: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
  before: fc.constantFrom(...befores),
})

export const worlds = fc.record({
  nodes: fc.array(worldNode, { minLength: 1, maxLength: 6 }),
  maxUnavailable: fc.integer({ min: 1, max: 3 }),
  soakSeconds: fc.constantFrom(0, 10),
  failures: fc.array(
    fc.boolean().map((fails) => fails),
    { minLength: 1, maxLength: 60 },
  ),
  order: fc.array(fc.nat(10), { minLength: 1, maxLength: 60 }),
})
export const calm = worlds.map((world) => ({ ...world, failures: [false] }))
export const rough = worlds.chain((world) =>
  fc
    .array(fc.constantFrom(false, false, false, false, true), { minLength: 20, maxLength: 60 })
    .map((failures) => ({ ...world, failures })),
)

export const blank = newRollout({ deploy: 'web.production.7', service: 'web', project: 'app', version: '1.1.0' }, 0)

export type Fails = (effect: Effect) => boolean

/** By the number of its decision. */
function failsIn(world: World): Fails {
  return ({ kind, attempt }) =>
    kind !== 'soak' && (world.failures[Number(/\.(\d+)-/.exec(attempt)?.[1]) % world.failures.length] ?? false)
}

export function outcomeOf(world: World & Partial<Limits>, effect: Effect, fails: Fails): Outcome {
  if (fails(effect)) return { ok: false, problem: `${effect.kind} failed` }
  if (effect.kind === 'plan') {
    const { nodes, later: _later, failures: _failures, order: _order, ...limits } = world
    return { ok: true, found: { kind: 'plan', nodes: nodes.map((_, n) => `node${n}`), ...limits } }
  }
  if (effect.kind === 'probe') {
    const node = [...world.nodes, ...(world.later ?? [])][Number(effect.node?.slice(4))]
    const nodeClass = node?.nodeClass ?? ''
    const release = node?.before.startsWith('this release') ? `1.1.0-${nodeClass.slice(0, 12)}` : '1.0.0-cccccccccccc'
    const before =
      node?.before === 'nothing'
        ? undefined
        : { release, version: '1.0.0', healthy: node?.before !== 'broken', verified: node?.before === 'this release' }
    return { ok: true, found: { kind: 'probe', nodeClass, ...(before && { before }) } }
  }
  if (effect.kind === 'resolve') return { ok: true, found: { kind: 'resolve', lock: effect.nodeClass ?? '' } }
  return { ok: true }
}

/** Every state that a deploy goes through in a world. */
export const live = (world: World): Rollout[] => livingBy(world, failsIn(world))

export function livingBy(world: World, fails: Fails): Rollout[] {
  const states = [step(blank, { kind: 'begin' }, 1)]
  for (let turn = 0; turn < 400; turn++) {
    const current = states.at(-1) ?? blank
    const { effects } = current
    const effect = effects[(world.order[turn % world.order.length] ?? 0) % Math.max(1, effects.length)]
    if (effect === undefined) return states
    states.push(
      step(current, { kind: 'outcome', attempt: effect.attempt, outcome: outcomeOf(world, effect, fails) }, turn),
    )
  }
  throw new Error(`it never ends: ${JSON.stringify(states.at(-1), null, 1)}`)
}

export const last = (world: World) => live(world).at(-1) ?? blank
/** Nodes that may serve nobody because of the deploy. */
export const touchedNow = ({ nodes }: Rollout) =>
  nodes.filter(({ state }) =>
    [
      'draining',
      'activating',
      'verifying',
      'undraining',
      'failed',
      'restoring',
      'checking',
      'returning',
      'lost',
      'stranded',
    ].includes(state),
  )
/** Those of them that served before: what is missed. */
export const missed = (rollout: Rollout) => touchedNow(rollout).filter(({ before }) => before?.healthy)

export const pairs = (states: readonly Rollout[]) =>
  states.slice(1).map((state, at): readonly [Rollout, Rollout] => [states[at] ?? blank, state])

/** Nodes on which an effect was decided by a step. */
export const decided = (before: Rollout, after: Rollout, kind: Effect['kind']) =>
  after.effects
    .filter(({ kind: is, attempt }) => is === kind && !before.effects.some((one) => one.attempt === attempt))
    .flatMap(({ node }) => node ?? [])

/** Nodes of which a step took in that they run the release. */
export const seenRunning = (before: Rollout, after: Rollout) =>
  before.effects.flatMap(({ kind, node, attempt }) => {
    const ended = !after.effects.some((one) => one.attempt === attempt)
    const runs = after.nodes.some(({ name, state }) => name === node && state === 'updated')
    return ended && runs && (kind === 'verify' || kind === 'recheck') && node !== undefined ? [node] : []
  })

/** What was done to running services, in order. */
export const story = (states: readonly Rollout[]) => {
  const told = new Map(states.flatMap(({ effects }) => effects.map((effect) => [effect.attempt, effect] as const)))
  return [...told.values()]
    .filter(({ kind }) => !['plan', 'discover', 'probe', 'resolve', 'stage'].includes(kind))
    .map(({ kind, node }) => (node === undefined ? kind : `${kind} ${node}`))
}

export const fleetOf = (befores: readonly World['nodes'][number]['before'][]): World => ({
  nodes: befores.map((before) => ({ nodeClass: 'a'.repeat(64), before })),
  maxUnavailable: 1,
  soakSeconds: 0,
  failures: [false],
  order: [0],
})

/** Nodes that nobody touched when they were found broken: that is the world's doing, and counts from then on. */
export const foundCrashed = (before: Rollout, after: Rollout) =>
  after.nodes.flatMap(({ name, problem }) => {
    const was = before.nodes.find((node) => node.name === name)
    return was?.state === 'updated' && problem === 'recheck failed' ? [name] : []
  })

/** Nodes whose service answered before a step and is being restarted after it. */
export const takenOut = (before: Rollout, after: Rollout) =>
  after.nodes.filter(({ name, state }) => {
    const was = before.nodes.find((node) => node.name === name)?.state ?? ''
    const served = ['staged', 'updated'].includes(was) && !foundCrashed(before, after).includes(name)
    return served && ['draining', 'activating', 'restoring'].includes(state)
  })

/** Whether a node is on what it ran before, or was left alone, or had nothing that served to go back to. */
export function wasTakenBack({ state, before }: NodeProgress): boolean {
  if (before === undefined) return ['ready', 'waiting', 'staged', 'updated', 'stranded', 'unprepared'].includes(state)
  if (!before.healthy && state === 'updated') return true
  return ['ready', 'staged', 'restored', 'current'].includes(state)
}
