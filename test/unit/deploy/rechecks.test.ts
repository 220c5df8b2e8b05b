import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Effect, isOver, type Limits, type Rollout } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { blank, decided, fleetOf, outcomeOf, pairs } from '../../support/rollout-worlds.ts'

/** When a node dies: after so many restarts of others since its own, or at one of all restarts. */
interface Deaths {
  readonly age?: number
  readonly node?: { readonly name: string; readonly at: number }
}

/** A deploy to many nodes, some of which die after they were seen to run; how many had died when the first was found. */
function rolled(count: number, limits: Partial<Limits>, deaths: Deaths = {}) {
  const world = { ...fleetOf(Array.from({ length: count }, () => 'healthy' as const)), ...limits }
  const restarted = new Map<string, number>()
  const isDead = (name: string) => {
    const at = restarted.get(name)
    if (at === undefined) return false
    if (deaths.node?.name === name) return restarted.size >= deaths.node.at
    return deaths.age !== undefined && restarted.size - at > deaths.age
  }
  const fails = ({ kind, node = '' }: Effect) => kind === 'recheck' && isDead(node)
  const states: Rollout[] = [step(blank, { kind: 'begin' }, 1)]
  let found: { readonly dead: number; readonly restarts: number } | undefined
  for (;;) {
    const current = states.at(-1) ?? blank
    const [effect] = current.effects
    if (effect === undefined) return { states, found, last: current }
    if (fails(effect)) found ??= { dead: [...restarted.keys()].filter(isDead).length, restarts: restarted.size }
    const outcome = outcomeOf(world, effect, fails)
    const next = step(current, { kind: 'outcome', attempt: effect.attempt, outcome }, states.length)
    for (const name of decided(current, next, 'activate')) restarted.set(name, restarted.size + 1)
    states.push(next)
  }
}

const rechecksIn = (states: readonly Rollout[]) =>
  pairs(states).map(([before, after]) => decided(before, after, 'recheck').length)

describe('a deploy to many nodes, one at a time', () => {
  it('looks at ten of them again before each further restart, and at all when it ends', () => {
    const { states, last } = rolled(200, {})
    expect(last.phase).toBe('succeeded')
    const looks = rechecksIn(states).filter((count) => count > 0)
    expect(looks.at(-1)).toBe(200)
    expect(Math.max(...looks.slice(0, -1))).toBe(10)
  })

  it('looks at all of them again before each wave, and after it was paused', () => {
    const { states } = rolled(60, { waves: [30], waveSoakSeconds: 5 })
    const wave = states.findIndex((state) => state.wave === 1)
    expect(rechecksIn(states.slice(wave)).find((count) => count > 0)).toBe(30)
    const paused = states.find(({ nodes }) => nodes.filter(({ state }) => state === 'updated').length === 20) ?? blank
    const say = (rollout: Rollout, kind: 'pause' | 'resume', number: number) =>
      step(rollout, { kind: 'control', control: { number, id: `${number}`, kind, by: 'alice', at: '' } }, 500)
    const resumed = say({ ...say({ ...paused, effects: [] }, 'pause', 1), effects: [] }, 'resume', 2)
    expect(resumed.effects.filter(({ kind }) => kind === 'recheck')).toHaveLength(20)
  })

  it('meets a release that dies some time after its start on one node, whatever the time and the fleet', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 80 }), fc.nat(60), (count, age) => {
        const { found, last } = rolled(count, {}, { age })
        // Without any soak nobody looks after the last restart.
        if (age < count - 2) expect([found?.dead, last.phase]).toEqual([1, expect.stringMatching(/rolled_back/)])
        expect(isOver(last.phase)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('meets a node that dies by itself before half as many others more were restarted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 80 }), fc.nat(79), fc.integer({ min: 1, max: 80 }), (count, node, at) => {
        const name = `node${node % count}`
        const { found } = rolled(count, {}, { node: { name, at } })
        const restarted = Math.max(at, (node % count) + 1)
        if (restarted >= count) return
        expect((found?.restarts ?? count * 2) - restarted).toBeLessThanOrEqual(2 + count / 2)
      }),
      { numRuns: 100 },
    )
  })
})

it('a deploy of several at a time looks at all of those that were restarted last', () => {
  const { states } = rolled(100, { maxUnavailable: 20 })
  const looks = pairs(states).map(([before, after]) => decided(before, after, 'recheck'))
  const third = looks.filter((names) => names.length > 0)
  expect(third.some((names) => names.length === 20 + 1 + 7)).toBe(true)
})
