import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { isApproved, isGated } from '../../../src/deploy/rollout/approving.ts'
import { refusalOf } from '../../../src/deploy/rollout/controls.ts'
import type { Rollout } from '../../../src/deploy/rollout/model.ts'
import { play } from '../../support/played-deploy.ts'
import { runIn, runWorlds } from '../../support/rollout-runs.ts'
import { blank } from '../../support/rollout-worlds.ts'

const hour = 3_600_000
const two = { approvals: { needed: 2, expireHours: 72 } }
const gated = (limits: Parameters<typeof play>[1] = two) => play(2, limits).until('')
const when = (at: number) => new Date(at).toISOString()
const from = (by: string, account?: string) => ({
  kind: 'approve' as const,
  by,
  at: when(500),
  ...(account && { account }),
})

describe('a deploy that needs approvals', () => {
  it('waits with its dependencies pinned and nothing installed, until so many people have approved', () => {
    const deploy = gated()
    expect([deploy.now().phase, deploy.nodes(), Object.keys(deploy.now().locks)]).toEqual([
      ...['gated', 'ready ready', ['a'.repeat(64)]],
    ])
    deploy.tell(from('ada'))
    expect([deploy.now().phase, deploy.now().effects]).toEqual(['gated', []])
    deploy.tell(from('bob'))
    expect([deploy.until('').now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated'])
    expect(deploy.now().approved?.map(({ by }) => by)).toEqual(['ada', 'bob'])
  })

  it('counts a person once, whichever of their tokens they use', () => {
    const deploy = gated().tell(from('laptop', 'ada')).tell(from('phone', 'ada')).tell(from('ada'))
    expect([deploy.now().phase, deploy.now().approved?.map(({ by }) => by)]).toEqual(['gated', ['laptop']])
  })

  it('looks at its nodes anew once it may go on: what they ran may be another thing by then', () => {
    const deploy = gated().tell(from('ada')).tell(from('bob'))
    expect(deploy.now().effects.map(({ kind, node }) => `${kind} ${node}`)).toEqual(['probe node0', 'probe node1'])
    deploy.until('stage node0')
    expect(deploy.now().phase).toBe('staging')
  })

  it('asks again where a class of node came up that nobody could see, and takes it once that was approved too', () => {
    const changed = (deploy: ReturnType<typeof gated>) => deploy.probed('node1', 'b', '3.13.1').until('')
    const deploy = changed(gated().tell(from('ada')).tell(from('bob')))
    const { phase, approved, askedAnew, approveBy = 0, effects } = deploy.now()
    expect([phase, approved, effects, deploy.nodes()]).toEqual(['gated', [], [], 'ready ready'])
    expect(askedAnew?.reason).toBe(
      'What is to be installed on node1 (Python 3.13.1) was not known when ada, bob approved: ' +
        'it is another class of node now, with dependencies of its own.',
    )
    expect(describeDeploy(deploy.now())).toContain('Asked for approval again: What is to be installed on node1')
    // Its hours begin anew, and what was said before anybody could see it counts for nothing.
    expect(approveBy).toBe((askedAnew?.at ?? 0) + 72 * hour)
    const later = (by: string, by72 = 0) => ({ ...from(by), at: when((askedAnew?.at ?? 0) + by72) })
    expect(deploy.tell(later('ada', -1)).now().approved).toEqual([])
    deploy.tell(later('ada')).tell(later('bob', 1))
    expect(changed(deploy).now()).toMatchObject({ phase: 'succeeded', approved: [{ by: 'ada' }, { by: 'bob' }] })
  })

  it('does not ask again for what could be seen, though it is for another node', () => {
    const deploy = play(2, two, undefined, ['a', 'b']).until('')
    deploy.tell(from('ada')).tell(from('bob')).probed('node1', 'a')
    expect(deploy.until('').now()).toMatchObject({ phase: 'succeeded', approved: [{ by: 'ada' }, { by: 'bob' }] })
  })

  it('expires when its hours are over, with nothing touched', () => {
    const deploy = gated().tell(from('ada'))
    const due = deploy.now().approveBy ?? 0
    expect(deploy.take({ kind: 'begin' }, due - 1).now().phase).toBe('gated')
    const { phase, reason, finishedAt } = deploy.take({ kind: 'begin' }, due).now()
    expect([phase, reason, finishedAt]).toEqual([
      'expired',
      'It had 1 of 2 approvals when its 72 hours were over.',
      due,
    ])
    expect(deploy.nodes()).toBe('ready ready')
  })

  it('takes what was said in time, and nothing that was said later, whenever somebody looks', () => {
    const due = gated().now().approveBy ?? 0
    const late = gated()
      .tell(from('ada'))
      .tell({ ...from('bob'), at: when(due + 1) })
    expect(late.take({ kind: 'begin' }, due + 2).now().phase).toBe('expired')
    const inTime = gated().tell({ ...from('ada'), at: when(due - 2) })
    expect(
      inTime
        .tell({ ...from('bob'), at: when(due - 1) })
        .take({ kind: 'begin' }, due + 9 * hour)
        .now().phase,
    ).toBe('resolving')
  })

  it('gives way to a newer promotion, paused or not', () => {
    const superseded = { kind: 'superseded', by: 'web.production.8' } as const
    for (const deploy of [gated(), gated().say('pause')]) {
      const { phase, reason } = deploy.take(superseded, 900).now()
      expect([phase, reason]).toEqual(['superseded', 'web.production.8 came before it was approved.'])
    }
    const approved = gated().tell(from('ada')).tell(from('bob'))
    expect(approved.take(superseded, 900).now().phase).toBe('resolving')
  })

  it('is paused, resumed, aborted, and goes without a node there as anywhere before it touches one', () => {
    const deploy = gated().say('pause').tell(from('ada')).tell(from('bob'))
    expect([deploy.now().phase, deploy.now().paused?.from]).toEqual(['paused', 'gated'])
    expect(deploy.say('resume').until('').now().phase).toBe('succeeded')
    expect(gated().say('abort').now()).toMatchObject({ phase: 'aborted', reason: 'Aborted by alice: because' })
    const without = gated().say('exclude', 'node1').tell(from('ada')).tell(from('bob')).until('')
    expect([without.now().phase, without.nodes()]).toEqual(['succeeded', 'updated excluded'])
  })

  it.each([
    ['before it is known what would be installed', play(1, two).until('resolve node0').now(), 'does not wait for'],
    ['before it began', play(1, two, blank).now(), 'does not wait for approval'],
    ['once it has enough', gated().tell(from('ada')).tell(from('bob')).now(), 'it has all the approvals'],
    ['where it needs none', play(1).until('stage node0').now(), 'it needs no approval'],
    ['after its end', play(1).until('').now(), 'it is over (succeeded)'],
  ] as const)('takes no approval %s', (_when, rollout, why) => {
    expect(refusalOf(rollout, { kind: 'approve' })).toContain(why)
  })
})

describe('a rollout under any policy, whatever fails and whoever says what', () => {
  it('installs and touches nothing before as many people as are needed have approved, each once and in time', () => {
    let [waited, went] = [0, 0]
    fc.assert(
      fc.property(runWorlds, (world) => {
        const { needed = 0 } = world.limits.approvals ?? {}
        const { states, controls } = runIn(world)
        for (const state of states) {
          const acted = state.effects.some(({ kind }) => !['plan', 'probe', 'resolve', 'kill'].includes(kind))
          if (state.phase === 'gated') waited++
          if (!acted || needed === 0) continue
          went++
          const taken = controls.filter(({ kind, number }) => kind === 'approve' && number <= (state.controls ?? 0))
          const [from, to] = [state.askedAnew?.at ?? 0, state.approveBy ?? 0]
          const inTime = taken.filter(({ at }) => from <= Date.parse(at) && Date.parse(at) <= to)
          expect(new Set(inTime.map(({ account }) => account)).size).toBeGreaterThanOrEqual(needed)
          expect(isApproved(state)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
    expect([waited > 100, went > 100]).toEqual([true, true])
  })

  it('installs only what was there to be seen when people approved', () => {
    let again = 0
    fc.assert(
      fc.property(runWorlds, fc.integer({ min: 1, max: 2 }), (world, needed) => {
        const approvals = { needed, expireHours: 1 }
        let seen: Rollout['locks'] = {}
        for (const state of runIn({ ...world, limits: { ...world.limits, approvals } }).states) {
          if (isGated(state)) seen = state.locks
          if (isGated(state) && state.askedAnew !== undefined) again++
          for (const { kind, node } of state.effects) {
            const { nodeClass = '', release = '' } = state.nodes.find(({ name }) => name === node) ?? {}
            if (kind === 'stage') expect(release).toBe(`1.1.0-${(seen[nodeClass] ?? '').slice(0, 12)}`)
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect(again).toBeGreaterThan(20)
  })

  it('that waits for approvals ends by itself when its time is over', () => {
    fc.assert(
      fc.property(runWorlds, (world) => {
        const { last } = runIn(world)
        if (last.phase !== 'gated') return
        const later = play(1, {}, last)
          .take({ kind: 'begin' }, last.approveBy ?? 0)
          .now()
        expect([later.phase, later.effects]).toEqual(['expired', []])
      }),
    )
  })
})
