import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { failuresIn, unreachableIn } from '../../../src/deploy/rollout/failing.ts'
import { isOver, type Rollout } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { missedIn, type Run, runIn, runWorlds } from '../../support/rollout-runs.ts'
import { blank, decided, foundCrashed, pairs } from '../../support/rollout-worlds.ts'

const untouched = ['waiting', 'ready', 'staged', 'current', 'unreachable', 'unprepared']

/** Every state with the one before it, and with the fleet before and after. */
function steps({ states, fleets }: Run) {
  return pairs(states).map(([before, after], at) => ({ before, after, was: fleets[at], is: fleets[at + 1] }))
}

/**
 * Nodes that a step begins to touch: where they are to be drained that comes first. The last newcomer to be staged may be touched in
 * the very step that tells so.
 */
function begun(before: Rollout, after: Rollout): readonly string[] {
  const decidedNow = [...decided(before, after, 'drain'), ...decided(before, after, 'activate')]
  const stateIn = ({ nodes }: Rollout, name: string) => nodes.find((node) => node.name === name)?.state ?? ''
  return decidedNow.filter(
    (name) =>
      ['ready', 'staged', 'failed', 'lost'].includes(stateIn(before, name)) &&
      ['draining', 'activating'].includes(stateIn(after, name)),
  )
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
      expect(isOver(last.phase) || ['paused', 'gated'].includes(last.phase), JSON.stringify(last)).toBe(true)
      expect(last.paused !== undefined).toBe(last.phase === 'paused')
    })
  })

  it('takes no serving node out of service where as many as allowed are missed already', () => {
    holds((run) => {
      for (const { before, after, was, is } of steps(run)) {
        const touched = (['drain', 'activate', 'restore'] as const).flatMap((kind) => decided(before, after, kind))
        const inService = (name: string) => was?.get(name)?.serving === true && !was.get(name)?.drained
        const taken = touched.filter((name) => inService(name) && !foundCrashed(before, after).includes(name))
        const healthy = after.nodes.filter(({ name, before: ran }) => taken.includes(name) && ran?.healthy)
        if (healthy.length > 0) expect(missedIn(after, is).length).toBeLessThanOrEqual(after.maxUnavailable)
      }
    })
  })

  it('touches no node after its budget was spent, it was aborted, or while it is paused', () => {
    holds((run) => {
      for (const [before, after] of pairs(run.states)) {
        if (begun(before, after).length === 0) continue
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
        const touched = after.nodes.filter(({ name }) => begun(before, after).includes(name))
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
        if (begun(before, after).length === 0) continue
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
        const back = nodes.filter(({ state }) => ['restoring', 'checking'].includes(state))
        expect(back.length).toBeLessThanOrEqual(1)
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

  it('has put every drained node back into the balancer when it ends, but for those that do not serve or could not be put back', () => {
    holds((run) => {
      const { last, fleets } = run
      if (!isOver(last.phase)) return
      for (const { name, drained, state } of last.nodes) {
        const node = fleets.at(-1)?.get(name)
        if (!node?.drained || state === 'gone') continue
        const about = `${name} in ${last.phase}: ${JSON.stringify([node, last.nodes])}`
        expect(drained, about).toBe(true)
        expect(!node.serving || undrainsFailed(run, name) >= 3, about).toBe(true)
        expect(describeDeploy(last)).toContain('STILL DRAINED')
      }
    })
  })

  it('restarts no serving node that is in the balancer on its way forward, where it is to be drained', () => {
    holds((run) => {
      if (run.last.drains !== true) return
      for (const { before, after, was } of steps(run)) {
        for (const name of decided(before, after, 'activate')) expect(was?.get(name)?.drained, name).toBe(true)
      }
    })
  })

  it('runs what is run once per deploy once, before anything is touched, and touches nothing where that fails', () => {
    holds((run) => {
      const runs = pairs(run.states).flatMap(([before, after]) => decided(before, after, 'prepare'))
      expect(runs.length).toBeLessThanOrEqual(run.last.prepares ? 1 : 0)
      // Where all run the release already, one that joins is given what they run.
      const own = run.last.nodes.filter(({ joined }) => joined !== true)
      const touched = own.some(({ name }) => run.fleets.at(-1)?.get(name)?.touched === true)
      if (run.last.prepares && touched) expect(runs.length).toBe(1)
      if (/prepare failed/.test(run.last.reason ?? '')) {
        expect([run.last.phase, touched]).toEqual([expect.stringMatching(/^(failed|aborted)$/), false])
      }
    })
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
          expect((node?.touched && !node.serving) || node?.drained || last.phase === 'paused', about).toBe(true)
        else expect(['excluded', 'gone'], about).toContain(state)
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
      const open = ['waiting', 'ready', 'staged', 'draining', 'activating', 'verifying', 'undraining', 'failed']
      open.push('restoring', 'checking', 'returning')
      expect(last.nodes.filter(({ state }) => open.includes(state))).toEqual([])
    })
  })

  it('has taken back whatever served before, where it was aborted', () => {
    holds(({ last, fleets }) => {
      if (last.phase !== 'aborted') return
      expect(last.reason).toContain('Aborted by alice')
      const wrong = last.nodes.filter(({ name, state, before }) => {
        const node = fleets.at(-1)?.get(name)
        return (
          before?.healthy && state !== 'excluded' && state !== 'gone' && (node?.release !== 'before' || !node.serving)
        )
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
      expect(last.reason).toMatch(/plan failed|prepare failed|No node runs it/)
    })
    expect(blank.onFailure).toBeUndefined()
  })
})

/** How many undrains of a node failed, one after another, at the end. */
function undrainsFailed({ undrains }: Run, name: string): number {
  const own = undrains.filter(({ node }) => node === name).map(({ ok }) => ok)
  return own.length - (own.lastIndexOf(true) + 1)
}
