import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDeploy, planText } from '../../../src/deploy/describe.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { progressLines } from '../../../src/deploy/progress-lines.ts'
import { type Effect, isOver, type Rollout } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { away, failing, play } from '../../support/played-deploy.ts'
import { runIn, runWorlds } from '../../support/rollout-runs.ts'
import { blank, decided, fleetOf, outcomeOf, pairs } from '../../support/rollout-worlds.ts'

const asks = { asksAgain: true }
const asked = (states: readonly Rollout[]) =>
  new Set(states.flatMap(({ effects }) => effects.filter(({ kind }) => kind === 'discover').map((one) => one.attempt)))

describe('a node that joins the fleet while a deploy runs', () => {
  it('is probed, installed and touched in the last wave, where that has not begun', () => {
    const deploy = play(3, { ...asks, waves: [1, 2] })
      .joins()
      .until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated updated updated'])
    expect(deploy.now().nodes.map(({ wave }) => wave)).toEqual([0, 1, 2, 2])
    // Within a wave whoever serves nobody goes first.
    expect(deploy.story().filter((one) => one.startsWith('activate'))).toEqual([
      ...['activate node0', 'activate node1', 'activate node3', 'activate node2'],
    ])
  })

  it('has a wave of its own where the others were touched, watched before and after like any other', () => {
    const deploy = play(2, { ...asks, soakSeconds: 10 })
      .until('activate node1')
      .joins()
      .until('nothing')
    expect(deploy.now().nodes.map(({ wave }) => wave)).toEqual([0, 0, 1])
    expect(deploy.story().slice(-9)).toEqual([
      ...['soak', 'recheck node0', 'recheck node1', 'activate node2', 'verify node2', 'soak'],
      ...['recheck node0', 'recheck node1', 'recheck node2'],
    ])
  })

  it('is told as every node is, beside the plan as it was made', () => {
    const deploy = play(2, asks).until('activate node1').joins()
    const before = deploy.now()
    const joined = deploy.until('probe node2').now()
    expect(progressLines(before, joined)).toContain('  node2  not looked at yet, joined while it ran')
    deploy.until('nothing')
    expect(planText(deploy.now())).toMatch(/^2 nodes: one wave; .*; 1 joined while it ran$/)
    expect(describeDeploy(deploy.now())).toContain('  node2  runs it, joined while it ran')
  })

  it('is left out where a lost node leaves no room for it: what runs well does not go back for its sake', () => {
    const budget = { ...asks, maxFailures: 1 }
    const deploy = play(3, budget).until('activate node2').joins()
    deploy.until('nothing', failing('verify node2', 'restore node2'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated lost unprepared'])
    expect(describeDeploy(deploy.now())).toMatch(/node3 .*No further node may be taken out of service/)
  })

  it('does not hold up the end of a deploy that is aborted while it is asked', () => {
    const deploy = play(2, asks).until('activate node1').joins().until('probe node2').say('abort')
    expect(deploy.now().effects.filter(({ kind }) => kind === 'probe')).toEqual([])
    expect(deploy.until('nothing').now().phase).toBe('aborted')
  })

  it.each([
    ['cannot be reached', away('probe node2'), 'unreachable', 'node2 (unreachable)'],
    ['is lost while it is installed on', away('stage node2'), 'unreachable', 'node2 (unreachable)'],
    ['lets nobody in', failing('probe node2'), 'unprepared', 'node2 (failed)'],
    ['cannot be installed on', failing('stage node2'), 'unprepared', 'node2 (failed)'],
    ['has no dependencies for its class', failing('resolve node2'), 'unprepared', 'node2 (failed)'],
  ])('and %s is left out and told, whatever the budgets', (_what, how, state, without) => {
    const deploy = play(2, asks).joins('b').until('nothing', how)
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', `updated updated ${state}`])
    expect(describeDeploy(deploy.now())).toContain(`succeeded, without ${without}.`)
  })

  it('counts like any other once it was touched', () => {
    const deploy = play(2, asks).joins().until('nothing', failing('verify node2'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored restored stranded'])
  })

  it('is given the lock of its class, made then where it is new, and once for all alike', () => {
    const deploy = play(1, asks).joins('b').joins('b').until('resolve node1')
    expect(deploy.now().effects.map(({ kind, node }) => `${kind} ${node}`)).toContain('resolve node1')
    deploy.until('nothing')
    const releases = deploy.now().nodes.map(({ release }) => release)
    expect(releases).toEqual(['a', 'b', 'b'].map((letter) => `1.1.0-${letter.repeat(12)}`))
    expect(Object.keys(deploy.now().locks)).toHaveLength(2)
  })

  it('of a class that nobody approved is left to drift, and another is not', () => {
    const approvals = { needed: 1, expireHours: 72 }
    const deploy = play(1, { ...asks, approvals })
      .until('nothing')
      .joins('b')
      .joins('a')
    deploy.tell({ kind: 'approve', by: 'ada', at: new Date(300).toISOString() }).until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated unprepared updated'])
    expect(describeDeploy(deploy.now())).toContain('whose dependencies nobody approved: relock the service for it')
  })

  it('is not taken in while it is paused, but when it goes on, and never where it goes back', () => {
    const paused = play(1, asks).joins().until('discover undefined').say('pause').until('nothing')
    expect([paused.now().phase, paused.nodes()]).toEqual(['paused', 'updated'])
    expect(paused.say('resume').until('nothing').nodes()).toBe('updated updated')
    const aborted = play(1, asks).joins().until('discover undefined').say('abort').until('nothing')
    expect([aborted.now().phase, aborted.nodes()]).toEqual(['aborted', 'restored'])
  })

  it('is left alone where it runs the release already, and by a deploy that nobody runs', () => {
    expect(play(1, asks).joins('a', 'this release').until('nothing').nodes()).toBe('updated current')
    const failed = play(1, { ...asks, maxFailures: 1 })
      .joins()
      .until('nothing', failing('verify node0'))
    expect([failed.now().phase, failed.nodes()]).toEqual(['failed', 'restored'])
  })

  it('is asked for by no deploy of a fixed list, nor by one from before', () => {
    expect(play(2).joins().until('nothing').nodes()).toBe('updated updated')
    const head = headDocument.schema.parse(JSON.parse(JSON.stringify(play(2).until('activate node1').now())))
    expect(play(2, {}, head).joins().until('nothing').nodes()).toBe('updated updated')
  })

  it('is not known where the fleet cannot be told, which changes nothing and is said', () => {
    const deploy = play(2, { ...asks, waves: [1] })
      .joins()
      .until('nothing', failing('discover undefined'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated'])
    expect(describeDeploy(deploy.now())).toContain('  Nodes that joined meanwhile are not known: it is broken')
    let fails = 0
    const once = play(2, { ...asks, waves: [1] }).joins()
    once.until('nothing', ({ kind }) => kind === 'discover' && fails++ === 0)
    expect([once.nodes(), once.now().fleetProblem]).toEqual(['updated updated updated', undefined])
  })
})

describe('a fleet that grows while a deploy runs', () => {
  it('ends the deploy all the same, though each answer has another node', () => {
    const world = { ...fleetOf(['healthy', 'healthy', 'healthy']), waves: [1, 2], ...asks }
    const later = Array.from({ length: 50 }, () => ({ nodeClass: 'a'.repeat(64), before: 'nothing' as const }))
    const states = [step(blank, { kind: 'begin' }, 1)]
    let known = 3
    const outcome = (effect: Effect) =>
      effect.kind === 'discover'
        ? { ok: true as const, found: { kind: 'discover' as const, newcomers: [`node${known++}`] } }
        : outcomeOf({ ...world, later }, effect, () => false)
    for (let turn = 0; turn < 300; turn++) {
      const now = states.at(-1) ?? blank
      const [effect] = now.effects
      if (effect === undefined) break
      states.push(step(now, { kind: 'outcome', attempt: effect.attempt, outcome: outcome(effect) }, turn))
    }
    const end = states.at(-1) ?? blank
    expect([end.phase, end.nodes.length, asked(states).size]).toEqual(['succeeded', 7, 4])
    expect(new Set(end.nodes.map(({ state }) => state))).toEqual(new Set(['updated']))
  })

  it('takes newcomers in only while it rolls, at rest, and runs the release nowhere that was not there', () => {
    let joined = 0
    fc.assert(
      fc.property(runWorlds, (world) => {
        const { states } = runIn({ ...world, limits: { ...world.limits, asksAgain: true } })
        for (const [before, after] of pairs(states)) {
          if (after.nodes.length > before.nodes.length && before.nodes.length > 0) {
            joined++
            expect([before.phase, before.reason, before.aborted]).toEqual(['rolling', undefined, undefined])
            expect(before.effects.map(({ kind }) => kind)).toEqual(['discover'])
          }
          const staged = after.nodes.filter(({ name }) => decided(before, after, 'activate').includes(name))
          for (const node of staged) expect(node.release).toContain(after.locks[node.nodeClass ?? '']?.slice(0, 12))
        }
      }),
      { numRuns: 1_000 },
    )
    expect(joined, 'steps that took somebody in').toBeGreaterThan(50)
  })

  it('leaves nobody who was there when all were touched without the release, unless that is said of them', () => {
    fc.assert(
      fc.property(runWorlds, (world) => {
        const arrivals = world.later.map(() => 0)
        const { last } = runIn({ ...world, arrivals, controls: [], limits: { ...world.limits, asksAgain: true } })
        if (last.phase !== 'succeeded' || last.fleetProblem !== undefined) return
        expect(last.nodes.length).toBe(world.nodes.length + world.later.length)
        for (const { state } of last.nodes.filter((node) => node.joined))
          expect(['updated', 'current', 'restored', 'stranded', 'unreachable', 'unprepared', 'gone', 'lost']).toContain(
            state,
          )
      }),
      { numRuns: 1_000 },
    )
  })

  it('asks at most once before each wave, and twice in the end, but for what people paused', () => {
    fc.assert(
      fc.property(runWorlds, (world) => {
        const { states, last } = runIn({ ...world, controls: [], limits: { ...world.limits, asksAgain: true } })
        const waves = Math.max(0, ...last.nodes.map(({ wave = 0 }) => wave))
        expect(asked(states).size).toBeLessThanOrEqual(waves + 2)
        expect(isOver(last.phase) || ['paused', 'gated'].includes(last.phase)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
