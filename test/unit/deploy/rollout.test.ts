import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import {
  type Effect,
  isOver,
  type NodeProgress,
  type Outcome,
  type Rollout,
} from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'

const befores = ['nothing', 'healthy', 'broken', 'this release', 'this release, it says'] as const

/** What the world of one deploy is like, node by node. */
interface World {
  readonly nodes: readonly {
    readonly nodeClass: string
    readonly before: (typeof befores)[number]
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
      before: fc.constantFrom(...befores),
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

type Fails = (effect: Effect) => boolean

/** By the number of its decision. */
function failsIn(world: World): Fails {
  return ({ kind, attempt }) =>
    kind !== 'soak' && (world.failures[Number(/\.(\d+)-/.exec(attempt)?.[1]) % world.failures.length] ?? false)
}

function outcomeOf(world: World, effect: Effect, fails: Fails): Outcome {
  if (fails(effect)) return { ok: false, problem: `${effect.kind} failed` }
  if (effect.kind === 'plan') {
    const { maxUnavailable, soakSeconds } = world
    const nodes = world.nodes.map((_, n) => `node${n}`)
    return { ok: true, found: { kind: 'plan', nodes, maxUnavailable, soakSeconds } }
  }
  if (effect.kind === 'probe') {
    const node = world.nodes[Number(effect.node?.slice(4))]
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
const live = (world: World): Rollout[] => livingBy(world, failsIn(world))

function livingBy(world: World, fails: Fails): Rollout[] {
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

const last = (world: World) => live(world).at(-1) ?? blank
/** Nodes that may serve nobody because of the deploy. */
const touchedNow = ({ nodes }: Rollout) =>
  nodes.filter(({ state }) =>
    ['activating', 'verifying', 'failed', 'restoring', 'checking', 'lost', 'stranded'].includes(state),
  )
/** Those of them that served before: what is missed. */
const missed = (rollout: Rollout) => touchedNow(rollout).filter(({ before }) => before?.healthy)

const pairs = (states: readonly Rollout[]) =>
  states.slice(1).map((state, at): readonly [Rollout, Rollout] => [states[at] ?? blank, state])

/** Nodes on which an effect was decided by a step. */
const decided = (before: Rollout, after: Rollout, kind: Effect['kind']) =>
  after.effects.filter((one) => one.kind === kind && !before.effects.includes(one)).flatMap(({ node }) => node ?? [])

/** Nodes of which a step took in that they run the release. */
const seenRunning = (before: Rollout, after: Rollout) =>
  before.effects.flatMap(({ kind, node, attempt }) => {
    const ended = !after.effects.some((one) => one.attempt === attempt)
    const runs = after.nodes.some(({ name, state }) => name === node && state === 'updated')
    return ended && runs && (kind === 'verify' || kind === 'recheck') && node !== undefined ? [node] : []
  })

/** What was done to running services, in order. */
const story = (states: readonly Rollout[]) => {
  const told = new Map(states.flatMap(({ effects }) => effects.map((effect) => [effect.attempt, effect] as const)))
  return [...told.values()]
    .filter(({ kind }) => !['plan', 'probe', 'resolve', 'stage'].includes(kind))
    .map(({ kind, node }) => (node === undefined ? kind : `${kind} ${node}`))
}

const fleetOf = (befores: readonly World['nodes'][number]['before'][]): World => ({
  nodes: befores.map((before) => ({ nodeClass: 'a'.repeat(64), before })),
  maxUnavailable: 1,
  soakSeconds: 0,
  failures: [false],
  order: [0],
})

/** Nodes that nobody touched when they were found broken: that is the world's doing, and counts from then on. */
const foundCrashed = (before: Rollout, after: Rollout) =>
  after.nodes.flatMap(({ name, problem }) => {
    const was = before.nodes.find((node) => node.name === name)
    return was?.state === 'updated' && problem === 'recheck failed' ? [name] : []
  })

/** Nodes whose service answered before a step and is being restarted after it. */
const takenOut = (before: Rollout, after: Rollout) =>
  after.nodes.filter(({ name, state }) => {
    const was = before.nodes.find((node) => node.name === name)?.state ?? ''
    const served = ['staged', 'updated'].includes(was) && !foundCrashed(before, after).includes(name)
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
            expect(missed(after).length).toBeLessThanOrEqual(world.maxUnavailable)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('never has more nodes out of service than the service allows, but for those found crashed when they are looked at again', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const states = live(world)
        const crashed = new Set(pairs(states).flatMap(([before, after]) => foundCrashed(before, after)))
        for (const state of states) {
          const out = missed(state).filter(({ name }) => !crashed.has(name))
          expect(out.length).toBeLessThanOrEqual(world.maxUnavailable)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('never touches a node before all that it updated were seen to run since the touch before', () => {
    fc.assert(
      fc.property(fc.oneof(calm, rough), (world) => {
        let seen = new Set<string>()
        for (const [before, after] of pairs(live(world))) {
          for (const name of seenRunning(before, after)) seen.add(name)
          if (decided(before, after, 'activate').length === 0) continue
          for (const { name, state } of after.nodes) if (state === 'updated') expect(seen).toContain(name)
          expect(after.nodes.filter(({ state }) => state === 'failed')).toEqual([])
          seen = new Set()
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('loses one node, whatever the size of the fleet, to a release that dies after it was verified', () => {
    fc.assert(
      fc.property(calm, (world) => {
        const states = livingBy(world, ({ kind }) => kind === 'recheck')
        const activated = new Set(pairs(states).flatMap(([before, after]) => decided(before, after, 'activate')))
        expect(activated.size).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('watches the first node before it touches another, and all of them again before each further one', () => {
    const world = fleetOf(['healthy', 'healthy', 'healthy'])
    expect(story(livingBy({ ...world, soakSeconds: 10 }, () => false))).toEqual([
      ...['activate node0', 'verify node0', 'soak', 'recheck node0'],
      ...['activate node1', 'verify node1', 'recheck node0', 'recheck node1'],
      ...['activate node2', 'verify node2', 'soak', 'recheck node0', 'recheck node1', 'recheck node2'],
    ])
  })

  it('takes no node out of service while one that is out already is still to be updated', () => {
    fc.assert(
      fc.property(fc.oneof(calm, rough), (world) => {
        for (const [before, after] of pairs(live(world))) {
          const touched = new Set(decided(before, after, 'activate'))
          const served = after.nodes.some(({ name, before }) => touched.has(name) && before?.healthy)
          const out = after.nodes.filter((node) => node.state === 'staged' && !node.before?.healthy)
          if (served) expect(out).toEqual([])
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('never takes the last node that serves out of service, where the fleet has another', () => {
    fc.assert(
      fc.property(fc.oneof(calm, rough), (world) => {
        for (const [before, after] of pairs(live(world))) {
          if (decided(before, after, 'activate').length === 0 || after.nodes.length === 1) continue
          const serving = after.nodes.filter(
            ({ state, before }) => ['updated', 'current'].includes(state) || (state === 'staged' && before?.healthy),
          )
          const served = before.nodes.some(({ state, before }) => state === 'staged' && before?.healthy)
          if (served) expect(serving).not.toEqual([])
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves only those nodes alone whose process was seen to run the release', () => {
    const states = livingBy(fleetOf(['this release', 'this release, it says']), () => false)
    expect(story(states)).toEqual(['activate node1', 'verify node1'])
    expect(states.at(-1)?.nodes.map(({ state }) => state)).toEqual(['current', 'updated'])
  })

  it('begins with the node that is down, and stops there when the release does not mend it', () => {
    const bad = livingBy(fleetOf(['healthy', 'broken']), ({ kind }) => kind === 'verify')
    expect(story(bad)).toEqual(['activate node1', 'verify node1', 'restore node1'])
    expect(bad.at(-1)?.nodes[0]?.state).toBe('staged')
  })

  it('stands by two services that crash during the last soak: both go back, one at a time', () => {
    const world = { ...fleetOf(['healthy', 'healthy']), soakSeconds: 10 }
    let soaks = 0
    const end = livingBy(world, ({ kind }) => {
      if (kind === 'soak') soaks++
      return kind === 'recheck' && soaks === 2
    }).at(-1)
    expect([end?.phase, ...(end?.nodes.map(({ state }) => state) ?? [])]).toEqual([
      'rolled_back',
      'restored',
      'restored',
    ])
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

  it('has taken back all that it touched where it says so, each node to what it ran itself, but for those that served nobody', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const end = last(world)
        if (end.phase !== 'rolled_back') return
        for (const node of end.nodes) expect(wasTakenBack(node), JSON.stringify(node)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves a node that served on the new version only where as many others that served are lost', () => {
    fc.assert(
      fc.property(rough, (world) => {
        const end = last(world)
        const left = end.nodes.filter(({ state, before }) => state === 'updated' && before?.healthy)
        if (end.phase === 'succeeded' || left.length === 0) return
        expect(end.phase).toBe('rollback_failed')
        const lost = end.nodes.filter(({ state, before }) => state === 'lost' && before?.healthy)
        expect(lost.length).toBeGreaterThanOrEqual(world.maxUnavailable)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['new', 'nothing', 'stranded'],
    ['broken', 'broken', 'restored'],
  ] as const)('takes the others back where one that was %s before fails', (_name, before, state) => {
    const world = { ...fleetOf([before, 'healthy', 'healthy']), soakSeconds: 10 }
    let soaks = 0
    const end = livingBy(world, ({ kind, node }) => {
      if (kind === 'soak') soaks++
      return kind === 'recheck' && node === 'node0' && soaks === 2
    }).at(-1)
    expect([end?.phase, ...(end?.nodes.map((node) => node.state) ?? [])]).toEqual([
      ...['rolled_back', state, 'restored', 'restored'],
    ])
  })

  it('leaves a node that was down before on the new version when others go back', () => {
    const end = livingBy(fleetOf(['healthy', 'broken']), ({ kind, node }) => kind === 'verify' && node === 'node0').at(
      -1,
    )
    expect([end?.phase, ...(end?.nodes.map(({ state }) => state) ?? [])]).toEqual([
      'rolled_back',
      'restored',
      'updated',
    ])
    expect(describeDeploy(end ?? blank)).toContain('they have nothing better to go back to')
  })

  it('begins with the broken node when it goes back, and leaves the others alone when that one is lost', () => {
    const failing = (kinds: readonly string[]) => {
      const world = fleetOf(['healthy', 'healthy'])
      const end = livingBy(world, ({ kind, node }) => kinds.includes(`${kind} ${node}`)).at(-1) ?? blank
      return [end.phase, end.reason, ...end.nodes.map((node) => node.state)]
    }
    expect(failing(['verify node1'])).toEqual(['rolled_back', 'node1: verify failed', 'restored', 'restored'])
    expect(failing(['verify node0'])).toEqual(['rolled_back', 'node0: verify failed', 'restored', 'staged'])
    expect(failing(['verify node1', 'check node1'])).toEqual([
      'rollback_failed',
      'node1: verify failed',
      'updated',
      'lost',
    ])
    expect(failing(['stage node1'])).toEqual(['failed', 'node1: stage failed', 'staged', 'ready'])
  })

  it('is superseded only while it has not begun', () => {
    expect(step(blank, { kind: 'superseded', by: 'web.production.8' }, 5).phase).toBe('superseded')
    const begun = step(blank, { kind: 'begin' }, 1)
    expect(step(begun, { kind: 'superseded', by: 'web.production.8' }, 5)).toBe(begun)
  })
})

function wasTakenBack({ state, before }: NodeProgress): boolean {
  if (before === undefined) return ['ready', 'waiting', 'staged', 'updated', 'stranded'].includes(state)
  if (!before.healthy && state === 'updated') return true
  return ['ready', 'staged', 'restored', 'current'].includes(state)
}
