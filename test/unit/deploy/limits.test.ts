import { describe, expect, it } from 'vitest'
import { allowedOf, arithmetic, limitsFor, type RolloutPolicy, waveOf } from '../../../src/deploy/rollout/limits.ts'

const policy: RolloutPolicy = {
  max_unavailable: 1,
  max_failures: 0,
  max_unreachable: 0,
  on_failure: 'roll_back',
  soak_seconds: 10,
}
const said = (changes: Partial<RolloutPolicy>, count: number) =>
  arithmetic(limitsFor({ ...policy, ...changes }, count), count)

describe('the arithmetic of a rollout', () => {
  it('is printed as a sentence', () => {
    expect(said({ waves: [1, '50%'] }, 10)).toBe(
      '10 nodes: waves of 1, 4, 5; at most 1 out of service at a time; stops at the 1st failure; 0 unreachable allowed',
    )
    expect(said({}, 1)).toBe(
      '1 node: one wave; at most 1 out of service at a time; stops at the 1st failure; 0 unreachable allowed',
    )
    expect(
      said({ canary: ['a', 'b'], waves: [1, 5], max_failures: '25%', max_unreachable: 1, on_failure: 'pause' }, 9),
    ).toBe(
      '9 nodes: waves of 2 (a, b), 3, 4; at most 1 out of service at a time; pauses at the 3rd failure; 1 unreachable allowed',
    )
  })

  it('says what nodes are verified by where no process tells its version', () => {
    const plan = (verifies: 'process' | 'files') => arithmetic({ ...limitsFor(policy, 1), verifies }, 1)
    expect(plan('process')).toMatch(/; verified by a new process of the release, which tells no version$/)
    expect(plan('files')).toMatch(/; verified by files only, nobody looks at a process$/)
  })

  it.each([
    ['1, 10%, 50% of 10', [1, '10%', '50%'], 10, 'waves of 1, 4, 5'],
    ['1, 10%, 50% of 3', [1, '10%', '50%'], 3, 'waves of 1, 1, 1'],
    ['25%, 50% of 100', ['25%', '50%'], 100, 'waves of 25, 25, 50'],
    ['more than there are', [1, 50], 4, 'waves of 1, 3'],
    ['all at once', ['100%'], 4, 'one wave'],
  ] as const)('counts waves as all nodes so far, and ends with everything: %s', (_name, waves, count, text) => {
    expect(said({ waves }, count)).toContain(text)
  })

  it('rounds what is allowed down, waves up, and lets one node be out of service at least', () => {
    expect([allowedOf('15%', 10), allowedOf('9%', 10), allowedOf(3, 10), allowedOf('29%', 100)]).toEqual([1, 0, 3, 29])
    expect([waveOf('11%', 10), waveOf('1%', 10), waveOf(3, 10)]).toEqual([2, 1, 3])
    expect(limitsFor({ ...policy, max_unavailable: '10%' }, 5).maxUnavailable).toBe(1)
    expect(limitsFor({ ...policy, max_unavailable: '50%' }, 5).maxUnavailable).toBe(2)
  })

  it('speaks English of any number', () => {
    const ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(
      (n) => /(\S+) failure/.exec(said({ max_failures: n - 1 }, 200))?.[1],
    )
    expect(ordinals.join(' ')).toBe('1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th')
  })
})
