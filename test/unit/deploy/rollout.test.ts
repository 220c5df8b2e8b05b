import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import {
  type Effect,
  isOver,
  type NodeProgress,
  type Outcome,
  type Rollout,
} from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'

/** What the world of one deploy is like, node by node. */
interface World {
  readonly nodes: readonly {
    readonly nodeClass: string
    readonly before: 'nothing' | 'healthy' | 'broken' | 'this release'
  }[]
  readonly maxUnavailable: number
  readonly soakSeconds: number
  /** Which effects fail: by the number of their decision, modulo the length. */
  readonly failures: readonly boolean[]
  /** Which of the outstanding effects ends next. */
  readonly order: readonly number[]
}

const worlds = fc.record({
  nodes: fc.array(
    fc.record({
      nodeClass: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
      before: fc.constantFrom('nothing' as const, 'healthy' as const, 'broken' as const, 'this release' as const),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  maxUnavailable: fc.integer({ min: 1, max: 3 }),
  soakSeconds: fc.constantFrom(0, 10),
  failures: fc.array(
    fc.boolean().map((fails) => fails),
    { minLength: 1, maxLength: 60 },
  ),
  order: fc.array(fc.nat(10), { minLength: 1, maxLength: 60 }),
})
const calm = worlds.map((world) => ({ ...world, failures: [false] }))
const rough = worlds.chain((world) =>
  fc
    .array(fc.constantFrom(false, false, false, false, true), { minLength: 20, maxLength: 60 })
    .map((failures) => ({ ...world, failures })),
)

const blank = newRollout({ deploy: 'web.production.7', service: 'web', project: 'app', version: '1.1.0' }, 0)

function outcomeOf(world: World, effect: Effect): Outcome {
  const at = Number(/\.(\d+)-/.exec(effect.attempt)?.[1])
  if (effect.kind !== 'soak' && world.failures[at % world.failures.length])
    return { ok: false, problem: `${effect.kind} failed` }
  if (effect.kind === 'plan') {
    const { maxUnavailable, soakSeconds } = world
    const nodes = world.nodes.map((_, n) => `node${n}`)
    return { ok: true, found: { kind: 'plan', nodes, maxUnavailable, soakSeconds } }
  }
  if (effect.kind === 'probe') {
    const node = world.nodes[Number(effect.node?.slice(4))]
    const nodeClass = node?.nodeClass ?? ''
    const release = node?.before === 'this release' ? `1.1.0-${nodeClass.slice(0, 12)}` : '1.0.0-cccccccccccc'
    const before =
      node?.before === 'nothing' ? undefined : { release, version: '1.0.0', healthy: node?.before !== 'broken' }
    return { ok: true, found: { kind: 'probe', nodeClass, ...(before && { before }) } }
  }
  if (effect.kind === 'resolve') return { ok: true, found: { kind: 'resolve', lock: effect.nodeClass ?? '' } }
  return { ok: true }
}

/** Every state that a deploy goes through in a world. */
function live(world: World): Rollout[] {
  const states = [step(blank, { kind: 'begin' }, 1)]
  for (let turn = 0; turn < 200; turn++) {
    const current = states.at(-1) ?? blank
    const { effects } = current
    const effect = effects[(world.order[turn % world.order.length] ?? 0) % Math.max(1, effects.length)]
    if (effect === undefined) return states
    states.push(step(current, { kind: 'outcome', attempt: effect.attempt, outcome: outcomeOf(world, effect) }, turn))
  }
  throw new Error(`it never ends: ${JSON.stringify(states.at(-1), null, 1)}`)
}

const last = (world: World) => live(world).at(-1) ?? blank
const touchedNow = ({ nodes }: Rollout) =>
  nodes.filter(({ state }) =>
    ['activating', 'verifying', 'failed', 'restoring', 'checking', 'lost', 'stranded'].includes(state),
  )

const pairs = (states: readonly Rollout[]) =>
  states.slice(1).map((state, at): readonly [Rollout, Rollout] => [states[at] ?? blank, state])

/** Nodes that nobody touched when they were found broken: that is the world's doing, and counts from then on. */
const crashedAfterSoak = (before: Rollout, after: Rollout) =>
  after.nodes.flatMap(({ name, problem }) => {
    const was = before.nodes.find((node) => node.name === name)
    return was?.state === 'updated' && problem === 'recheck failed' ? [name] : []
  })

/** Nodes whose service answered before a step and is being restarted after it. */
const takenOut = (before: Rollout, after: Rollout) =>
  after.nodes.filter(({ name, state }) => {
    const was = before.nodes.find((node) => node.name === name)?.state ?? ''
    const served = ['staged', 'updated'].includes(was) && !crashedAfterSoak(before, after).includes(name)
    return served && ['activating', 'restoring'].includes(state)
  })

describe('a rollout', () => {
  it('ends, whatever happens, with nothing outstanding', () => {
    fc.assert(
      fc.property(fc.oneof(calm, rough, worlds), (world) => {
        const end = last(world)
        expect(isOver(end.phase)).toBe(true)
        expect(end.effects).toEqual([])
        expect(end.finishedAt).toBeDefined()
      }),
      { numRuns: 1_000 },
    )
  })

  it('never takes a node out of service where as many as the service allows are out already', () => {
    fc.assert(
      fc.property(rough, (world) => {
        for (const [before, after] of pairs(live(world))) {
          if (takenOut(before, after).length > 0) {
            expect(touchedNow(after).length).toBeLessThanOrEqual(world.maxUnavailable)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('never has more nodes out of service than the service allows, but for those found crashed after the soak', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const states = live(world)
        const crashed = new Set(pairs(states).flatMap(([before, after]) => crashedAfterSoak(before, after)))
        for (const state of states) {
          const out = touchedNow(state).filter(({ name }) => !crashed.has(name))
          expect(out.length).toBeLessThanOrEqual(world.maxUnavailable)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('stands by two services that crash during the soak: both go back, one at a time', () => {
    const world = {
      nodes: [
        { nodeClass: 'a'.repeat(64), before: 'healthy' as const },
        { nodeClass: 'a'.repeat(64), before: 'healthy' as const },
      ],
      maxUnavailable: 1,
      soakSeconds: 10,
      order: [0],
      // plan, 2 x probe, resolve, 2 x stage, 2 x (activate, verify), soak, and then the two looks after it.
      failures: [...Array.from({ length: 12 }, () => false), true, true, ...Array.from({ length: 20 }, () => false)],
    }
    const end = last(world)
    expect([end.phase, ...end.nodes.map(({ state }) => state)]).toEqual(['rolled_back', 'restored', 'restored'])
  })

  it('does one thing at a time on a node, and takes back one node at a time', () => {
    fc.assert(
      fc.property(rough, (world) => {
        for (const { effects, nodes } of live(world)) {
          const busy = effects.flatMap(({ node }) => node ?? [])
          expect(new Set(busy).size).toBe(busy.length)
          expect(nodes.filter(({ state }) => state === 'restoring' || state === 'checking').length).toBeLessThanOrEqual(
            1,
          )
        }
      }),
    )
  })

  it('changes nothing by an event that was seen before, or after the end', () => {
    fc.assert(
      fc.property(rough, fc.nat(), (world, pick) => {
        const states = live(world)
        const before = states[pick % states.length] ?? blank
        const later = states.filter((_, at) => at > pick % states.length)
        for (const { attempt } of before.effects) {
          for (const state of later.filter(({ effects }) => !effects.some((one) => one.attempt === attempt))) {
            const again = { kind: 'outcome', attempt, outcome: { ok: false, problem: 'replayed' } } as const
            expect(step(state, again, 99)).toBe(state)
          }
        }
        expect(step(states.at(-1) ?? blank, { kind: 'begin' }, 99)).toBe(states.at(-1))
      }),
    )
  })

  it('never gives two runs one name', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const seen = new Map<string, string>()
        for (const effect of live(world).flatMap(({ effects }) => effects)) {
          const { attempt, ...what } = effect
          expect(seen.get(attempt) ?? JSON.stringify(what)).toBe(JSON.stringify(what))
          seen.set(attempt, JSON.stringify(what))
        }
      }),
    )
  })

  it('succeeds where nothing fails, and then every node runs the release', () => {
    fc.assert(
      fc.property(calm, (world) => {
        const end = last(world)
        expect(end.phase).toBe('succeeded')
        for (const { state } of end.nodes) expect(['updated', 'current']).toContain(state)
      }),
    )
  })

  it('touches nothing that runs when a step before the switch fails', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const states = live(world)
        const switched = states.some(({ effects }) => effects.some(({ kind }) => kind === 'activate'))
        const end = states.at(-1) ?? blank
        if (!switched && end.phase !== 'succeeded') {
          expect(end.phase).toBe('failed')
          expect(touchedNow(end)).toEqual([])
        }
      }),
    )
  })

  it('has taken back all that it touched where it says so, each node to what it ran itself', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const end = last(world)
        if (end.phase !== 'rolled_back') return
        for (const node of end.nodes) expect(wasTakenBack(node), JSON.stringify(node)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('begins with the broken node when it goes back, and leaves the others alone when that one is lost', () => {
    const world = {
      nodes: [
        { nodeClass: 'a'.repeat(64), before: 'healthy' as const },
        { nodeClass: 'a'.repeat(64), before: 'healthy' as const },
      ],
      maxUnavailable: 1,
      soakSeconds: 0,
      order: [0],
      failures: [false],
    }
    const failing = (kinds: readonly string[]) => {
      let state = step(blank, { kind: 'begin' }, 1)
      for (let turn = 0; !isOver(state.phase) && turn < 100; turn++) {
        const effect = state.effects[0]
        if (effect === undefined) throw new Error('nothing to do')
        const fails = kinds.includes(`${effect.kind} ${effect.node}`)
        const outcome = fails ? ({ ok: false, problem: `no ${effect.kind}` } as const) : outcomeOf(world, effect)
        state = step(state, { kind: 'outcome', attempt: effect.attempt, outcome }, turn)
      }
      return [state.phase, state.reason, ...state.nodes.map((node) => node.state)]
    }
    expect(failing(['verify node1'])).toEqual(['rolled_back', 'node1: no verify', 'restored', 'restored'])
    expect(failing(['verify node0'])).toEqual(['rolled_back', 'node0: no verify', 'restored', 'staged'])
    expect(failing(['verify node1', 'check node1'])).toEqual(['rollback_failed', 'node1: no verify', 'updated', 'lost'])
    expect(failing(['stage node1'])).toEqual(['failed', 'node1: no stage', 'staged', 'ready'])
  })

  it('is superseded only while it has not begun', () => {
    expect(step(blank, { kind: 'superseded', by: 'web.production.8' }, 5).phase).toBe('superseded')
    const begun = step(blank, { kind: 'begin' }, 1)
    expect(step(begun, { kind: 'superseded', by: 'web.production.8' }, 5)).toBe(begun)
  })
})

function wasTakenBack({ state, before }: NodeProgress): boolean {
  if (before === undefined) return ['ready', 'waiting', 'staged', 'updated', 'stranded'].includes(state)
  return ['ready', 'staged', 'restored', 'current'].includes(state)
}
