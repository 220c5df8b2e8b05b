import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { isOver } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import {
  blank,
  calm,
  decided,
  fleetOf,
  foundCrashed,
  last,
  live,
  livingBy,
  missed,
  pairs,
  rough,
  seenRunning,
  story,
  takenOut,
  touchedNow,
  wasTakenBack,
  worlds,
} from '../../support/rollout-worlds.ts'

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

  it('watches the first node before it touches another, and looks again before each further one', () => {
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
    expect(failing(['stage node1'])).toEqual(['failed', 'node1: stage failed', 'staged', 'unprepared'])
  })

  it('is superseded only while it has not begun', () => {
    expect(step(blank, { kind: 'superseded', by: 'web.production.8' }, 5).phase).toBe('superseded')
    const begun = step(blank, { kind: 'begin' }, 1)
    expect(step(begun, { kind: 'superseded', by: 'web.production.8' }, 5)).toBe(begun)
  })
})
