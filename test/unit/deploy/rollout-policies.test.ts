import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failuresIn, unreachableIn } from '../../../src/deploy/rollout/failing.ts'
import { isOver } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { missedIn, type Run, runIn, runWorlds } from '../../support/rollout-runs.ts'
import { blank, decided, foundCrashed, pairs } from '../../support/rollout-worlds.ts'

const untouched = ['waiting', 'ready', 'staged', 'current', 'unreachable', 'unprepared']

/** Every state with the one before it, and with the fleet before and after. */
function steps({ states, fleets }: Run) {
  return pairs(states).map(([before, after], at) => ({ before, after, was: fleets[at], is: fleets[at + 1] }))
}

function holds(property: (run: Run) => void, numRuns = 2_000) {
  fc.assert(
    fc.property(runWorlds, (world) => property(runIn(world))),
    { numRuns },
  )
}

describe('a rollout under any policy, whatever fails, whoever says what, and however often its worker dies', () => {
  it('ends, or waits for a person', () => {
    holds(({ last }) => {
      expect(last.effects).toEqual([])
      expect(isOver(last.phase) || last.phase === 'paused', JSON.stringify(last)).toBe(true)
      expect(last.paused !== undefined).toBe(last.phase === 'paused')
    })
  })

  it('takes no serving node out of service where as many as allowed are missed already', () => {
    holds((run) => {
      for (const { before, after, was, is } of steps(run)) {
        const touched = [...decided(before, after, 'activate'), ...decided(before, after, 'restore')]
        const taken = touched.filter((name) => was?.get(name)?.serving && !foundCrashed(before, after).includes(name))
        const healthy = after.nodes.filter(({ name, before: ran }) => taken.includes(name) && ran?.healthy)
        if (healthy.length > 0) expect(missedIn(after, is).length).toBeLessThanOrEqual(after.maxUnavailable)
      }
    })
  })

  it('touches no node after its budget was spent, it was aborted, or while it is paused', () => {
    holds((run) => {
      for (const [before, after] of pairs(run.states)) {
        if (decided(before, after, 'activate').length === 0) continue
        expect([after.phase, after.reason, after.aborted]).toEqual(['rolling', undefined, undefined])
        expect(failuresIn(after)).toBeLessThanOrEqual(after.maxFailures ?? 0)
        expect(unreachableIn(after)).toBeLessThanOrEqual(after.maxUnreachable ?? 0)
      }
    })
  })

  it('begins a wave only when those before are done, and what they updated was watched', () => {
    holds((run) => {
      let [reached, watched] = [0, false]
      for (const [before, after] of pairs(run.states)) {
        const soaks = (rollout: typeof after) => rollout.effects.filter(({ kind }) => kind === 'soak').length
        if (soaks(after) < soaks(before)) watched = true
        const touched = after.nodes.filter(({ name }) => decided(before, after, 'activate').includes(name))
        if (touched.length === 0) continue
        const wave = Math.max(...touched.map((node) => node.wave ?? 0))
        if (wave > reached) {
          const earlier = after.nodes.filter((node) => (node.wave ?? 0) < wave)
          expect(earlier.filter(({ state }) => state === 'staged')).toEqual([])
          const updated = before.nodes.some(({ state }) => state === 'updated')
          const seconds = after.waveSoakSeconds ?? after.soakSeconds
          if (updated && seconds > 0) expect(watched).toBe(true)
        }
        reached = Math.max(reached, wave)
        watched = false
      }
    })
  })

  it('touches no node before all that it updated were seen to run since the touch before', () => {
    holds((run) => {
      let seen = new Set<string>()
      for (const [before, after] of pairs(run.states)) {
        for (const { kind, node, attempt } of before.effects) {
          const ended = run.ended.includes(attempt) && !after.effects.some((one) => one.attempt === attempt)
          if (ended && (kind === 'verify' || kind === 'recheck') && node !== undefined) seen.add(node)
        }
        if (decided(before, after, 'activate').length === 0) continue
        for (const { name, state } of after.nodes) if (state === 'updated') expect(seen).toContain(name)
        seen = new Set()
      }
    })
  })

  it('runs no attempt twice, and one thing at a time on a node', () => {
    holds(({ states, ended }) => {
      expect(new Set(ended).size).toBe(ended.length)
      const whats = new Map<string, string>()
      for (const { effects, nodes } of states) {
        const busy = effects.flatMap(({ node }) => node ?? [])
        expect(new Set(busy).size).toBe(busy.length)
        expect(nodes.filter(({ state }) => state === 'restoring' || state === 'checking').length).toBeLessThanOrEqual(1)
        for (const { attempt, ...what } of effects) {
          expect(whats.get(attempt) ?? JSON.stringify(what)).toBe(JSON.stringify(what))
          whats.set(attempt, JSON.stringify(what))
        }
      }
    }, 1_000)
  })

  it('takes each control once, and nothing after its end', () => {
    holds(({ states, controls, last }) => {
      const taken = states.map((state) => state.controls ?? 0)
      expect(taken).toEqual([...taken].sort((a, b) => a - b))
      if (!isOver(last.phase)) expect(last.controls ?? 0).toBe(controls.length)
      for (const control of controls) {
        for (const state of states.filter((one) => (one.controls ?? 0) >= control.number)) {
          expect(step(state, { kind: 'control', control }, 999)).toBe(state)
        }
      }
      if (!isOver(last.phase)) return
      const late = { number: 99, id: 'late', kind: 'abort', by: 'bob', at: '' } as const
      expect(step(last, { kind: 'control', control: late }, 999)).toBe(last)
      expect(step(last, { kind: 'begin' }, 999)).toBe(last)
    }, 1_000)
  })

  it('says of every node what it is like', () => {
    holds(({ last, fleets }) => {
      for (const { name, state, before } of last.nodes) {
        const node = fleets.at(-1)?.get(name)
        const about = `${name} ${state} in ${last.phase}: ${JSON.stringify(node)}`
        if (untouched.includes(state)) expect(node?.touched, about).toBe(false)
        else if (state === 'updated') expect(node, about).toMatchObject({ release: 'new', serving: true })
        else if (state === 'restored')
          expect(node, about).toMatchObject({ release: 'before', serving: before?.healthy ?? false })
        else if (state === 'failed' || state === 'lost' || state === 'stranded')
          expect(node, about).toMatchObject({ touched: true, serving: false })
        else expect(state, about).toBe('excluded')
      }
    })
  })

  it('succeeds only where a node runs the release, with what it is without within the budget', () => {
    holds(({ last }) => {
      if (last.phase !== 'succeeded') return
      expect(last.reason).toBeUndefined()
      expect(last.nodes.some(({ state }) => state === 'updated' || state === 'current')).toBe(true)
      expect(failuresIn(last)).toBeLessThanOrEqual(last.maxFailures ?? 0)
      expect(unreachableIn(last)).toBeLessThanOrEqual(last.maxUnreachable ?? 0)
      const open = ['waiting', 'ready', 'staged', 'activating', 'verifying', 'failed', 'restoring', 'checking']
      expect(last.nodes.filter(({ state }) => open.includes(state))).toEqual([])
    })
  })

  it('has taken back whatever served before, where it was aborted', () => {
    holds(({ last, fleets }) => {
      if (last.phase !== 'aborted') return
      expect(last.reason).toContain('Aborted by alice')
      const wrong = last.nodes.filter(({ name, state, before }) => {
        const node = fleets.at(-1)?.get(name)
        return before?.healthy && state !== 'excluded' && (node?.release !== 'before' || !node.serving)
      })
      expect(wrong).toEqual([])
    })
  })

  it('leaves what it touched as it is, where the policy is to stop', () => {
    holds(({ last, states }) => {
      if (last.onFailure !== 'stop' || last.aborted) return
      expect(states.map(({ phase }) => phase)).not.toContain('rolling_back')
      expect(['rolled_back', 'rollback_failed']).not.toContain(last.phase)
    })
  })

  it('ends as failed only where it was not told to pause, or nobody was left', () => {
    holds(({ last }) => {
      if (last.onFailure !== 'pause' || last.phase !== 'failed') return
      expect(last.reason).toMatch(/plan failed|No node runs it/)
    })
    expect(blank.onFailure).toBeUndefined()
  })
})
