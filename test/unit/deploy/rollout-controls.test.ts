import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import type { ControlKind } from '../../../src/deploy/rollout/control.ts'
import { refusalOf } from '../../../src/deploy/rollout/controls.ts'
import { type Effect, isOver, phases, type Rollout } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { away, failing, play } from '../../support/played-deploy.ts'
import { blank, fleetOf, livingBy, wasTakenBack } from '../../support/rollout-worlds.ts'

describe('a deploy that is told to pause', () => {
  it('finishes what is in hand on a node, begins nothing new, and goes on where it was', () => {
    const deploy = play(3).until('activate node1').say('pause').until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated updated staged'])
    expect(describeDeploy(deploy.now())).toContain('is paused; it switches node after node when it goes on')
    expect(describeDeploy(deploy.now())).toContain('Reason: Paused by alice: because')
    deploy.say('resume').until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated updated'])
  })

  it('looks at all updated nodes again before it goes on: the night was long', () => {
    const deploy = play(3).until('activate node1').say('pause').until('nothing').say('resume')
    expect(deploy.now().effects.map(({ kind, node }) => `${kind} ${node}`)).toEqual(['recheck node0', 'recheck node1'])
  })

  it.each(['plan undefined', 'probe node0', 'resolve node0', 'stage node0'])(
    'waits before it touched anything: %s',
    (at) => {
      const deploy = play(2).until(at).say('pause').until('nothing')
      expect(deploy.now().phase).toBe('paused')
      expect(deploy.say('resume').until('nothing').now().phase).toBe('succeeded')
    },
  )

  it('before it began does not begin, until it is told to', () => {
    const deploy = play(2, {}, blank).say('pause')
    expect(step(deploy.now(), { kind: 'begin' }, 5).phase).toBe('paused')
    expect(describeDeploy(deploy.now())).toContain('is paused before it began.')
    expect(deploy.say('resume').until('nothing').now().phase).toBe('succeeded')
  })

  it('goes back all the same where what was in hand fails and the policy is to go back', () => {
    const deploy = play(2).until('activate node1').say('pause').until('nothing', failing('verify node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored restored'])
  })
})

describe('a deploy that is told to abort', () => {
  it('before it began ends at once', () => {
    const { phase, startedAt, reason } = play(2, {}, blank).say('abort').now()
    expect([phase, startedAt, reason]).toEqual(['aborted', undefined, 'Aborted by alice: because'])
  })

  it('a second time ends what is in hand, each run once, and follows it to its end', () => {
    const deploy = play(2).until('stage node0').say('abort').say('abort')
    const victims = deploy.now().effects.flatMap(({ victim }) => victim?.node ?? [])
    expect(victims).toEqual(['node0', 'node1'])
    expect(refusalOf(deploy.now(), { kind: 'abort' })).toMatch(/aborted already/)
    expect([deploy.until('nothing', failing('stage node0')).now().phase, deploy.nodes()]).toEqual([
      ...['aborted', 'unprepared staged'],
    ])
  })

  it('a second time ends a restart, but nothing that takes a node back', () => {
    const deploy = play(2).until('activate node1').say('abort').say('abort')
    expect(deploy.now().effects.flatMap(({ victim }) => victim?.node ?? [])).toEqual(['node1'])
    deploy.until('restore node1', failing('activate node1'))
    expect(refusalOf(deploy.now(), { kind: 'abort' })).toMatch(/aborted already/)
    expect([deploy.until('nothing').now().phase, deploy.nodes()]).toEqual(['aborted', 'restored restored'])
  })

  it('ends as aborted with every node back on what it ran, whenever that is', () => {
    const limits = { drains: true, prepares: true, soakSeconds: 10, waves: [1, 3] }
    const world = { ...fleetOf(['healthy', 'healthy', 'healthy']), ...limits }
    const gated = play(3, { ...limits, approvals: { needed: 1, expireHours: 72 } }).until('nothing')
    const running = [blank, gated.now(), ...livingBy(world, () => false)].filter(({ phase }) => !isOver(phase))
    const paused = running.map((state) => play(3, limits, state).say('pause').now())
    for (const state of [...running, ...paused.map((one) => ({ ...one, controls: 0 }))]) {
      const deploy = play(3, limits, state).say('abort').until('nothing')
      expect([deploy.now().phase, deploy.now().effects], state.phase).toEqual(['aborted', []])
      for (const node of deploy.now().nodes) {
        expect(wasTakenBack(node), `${state.phase}: ${node.name} ${node.state}`).toBe(true)
        expect([node.drained, node.state], state.phase).not.toEqual([true, expect.anything()])
        expect(node.state).not.toBe('updated')
      }
    }
    expect(new Set([...running, ...paused].map(({ phase }) => phase))).toEqual(
      new Set(phases.filter((phase) => !isOver(phase) && phase !== 'rolling_back')),
    )
  })

  it('lets pip finish, and touches nothing', () => {
    const deploy = play(2).until('stage node0').say('abort')
    expect(deploy.now().effects.map(({ kind }) => kind)).toEqual(['stage', 'stage'])
    expect([deploy.until('nothing').now().phase, deploy.nodes()]).toEqual(['aborted', 'staged staged'])
    expect(describeDeploy(deploy.now())).toContain('Nothing that runs was touched.')
  })

  it('does not wait for nodes that it only asked', () => {
    expect(play(2).until('probe node0').say('abort').now().phase).toBe('aborted')
  })

  it('follows the restart in hand to its end, and takes the nodes back one at a time', () => {
    const deploy = play(3).until('activate node1').say('abort').until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['aborted', 'restored restored staged'])
    expect(deploy.story().slice(-5)).toEqual([
      ...['verify node1', 'restore node1', 'check node1', 'restore node0', 'check node0'],
    ])
    expect(describeDeploy(deploy.now())).toContain('was aborted.')
    expect(describeDeploy(deploy.now())).toContain('The nodes that were touched are back on what they ran.')
  })

  it('ends as rollback_failed where a node cannot be taken back', () => {
    const deploy = play(3).until('activate node1').say('abort').until('nothing', failing('restore node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rollback_failed', 'updated lost staged'])
  })

  it('does so from a pause, and during a soak without waiting for its end', () => {
    const paused = play(2).until('activate node1').say('pause').until('nothing').say('abort').until('nothing')
    expect([paused.now().phase, paused.nodes()]).toEqual(['aborted', 'restored restored'])
    const soaking = play(2, { soakSeconds: 600 }).until('soak undefined').say('abort')
    expect(soaking.now().effects.map(({ kind }) => kind)).toEqual(['restore'])
  })
})

describe('a deploy that is told to leave a node out', () => {
  it('goes on without it, and says so', () => {
    const deploy = play(3).until('activate node0').say('exclude', 'node2').until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated excluded'])
    expect(describeDeploy(deploy.now())).toContain('succeeded, without node2 (excluded).')
  })

  it('waits for it no longer', () => {
    const deploy = play(2).until('stage node0').say('exclude', 'node1')
    expect(deploy.now().effects.map(({ node }) => node)).toEqual(['node0'])
    expect(deploy.until('nothing').nodes()).toBe('updated excluded')
  })

  it('fails where nobody is left', () => {
    const deploy = play(1).until('stage node0').say('exclude', 'node0').until('nothing')
    expect([deploy.now().phase, deploy.now().reason]).toEqual(['failed', 'No node runs it: all of them were left out.'])
  })
})

describe('a control that makes no sense', () => {
  const running = play(3).until('activate node1').now()
  const paused = play(3).until('activate node1').say('pause').now()
  const back = play(3).until('restore node1', failing('verify node1')).now()
  it.each<[string, Rollout, ControlKind, string | undefined, RegExp]>([
    ['resume while it runs', running, 'resume', undefined, /it is not paused/],
    ['retry while nothing failed', paused, 'retry', undefined, /did not pause after a failure/],
    ['pause twice', paused, 'pause', undefined, /paused already/],
    ['pause on the way back', back, 'pause', undefined, /takes the touched nodes back already/],
    ['abort on the way back', back, 'abort', undefined, /takes the touched nodes back already/],
    ['exclude what is being restarted', running, 'exclude', 'node1', /node1 is being restarted now/],
    ['exclude what runs it', running, 'exclude', 'node0', /node0 runs the release already/],
    ['exclude a stranger', running, 'exclude', 'nobody', /it has no node "nobody"; its nodes: node0, node1, node2/],
    ['exclude before the fleet is known', blank, 'exclude', 'node0', /does not know its nodes yet/],
    ['abort after the end', play(1).until('nothing').now(), 'abort', undefined, /it is over \(succeeded\)/],
  ])('is refused with a sentence, and changes nothing: %s', (_name, rollout, kind, node, why) => {
    expect(refusalOf(rollout, { kind, node })).toMatch(why)
  })
})

describe('a failure', () => {
  it('with on_failure: stop leaves the touched nodes as they are, and says so', () => {
    const deploy = play(3, { onFailure: 'stop' }).until('nothing', failing('verify node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['failed', 'updated failed staged'])
    expect(describeDeploy(deploy.now())).toContain('(on_failure: stop): the nodes that were touched stay as they are')
  })

  it('with on_failure: pause waits for a person, who tries it again', () => {
    const deploy = play(3, { onFailure: 'pause' }).until('nothing', failing('verify node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated failed staged'])
    const text = describeDeploy(deploy.now())
    expect(text).toContain('Reason: node1: it is broken')
    expect(text).toContain('To try again what failed: POST /deploys/web.production.7/retry')
    deploy.say('retry').until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated updated'])
    expect(describeDeploy(deploy.now())).toContain('succeeded.')
  })

  it('with on_failure: pause waits for a person, who goes on without the node: it is taken back first', () => {
    const deploy = play(3, { onFailure: 'pause' })
      .until('nothing', failing('verify node1'))
      .say('resume')
      .until('nothing')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated excluded updated'])
    expect(deploy.story()).toContain('restore node1')
  })

  it.each(['probe', 'stage', 'resolve'])(
    'with on_failure: pause is tried again before anything was touched: %s',
    (kind) => {
      const deploy = play(2, { onFailure: 'pause' }).until('nothing', failing(`${kind} node0`))
      expect(deploy.now().phase).toBe('paused')
      expect(deploy.say('retry').until('nothing').now().phase).toBe('succeeded')
    },
  )

  it('within the budget is taken back by itself, and the others go on', () => {
    const deploy = play(4, { maxFailures: 1 }).until('nothing', failing('verify node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated restored updated updated'])
    expect(describeDeploy(deploy.now())).toContain('succeeded, without node1 (failed).')
    expect(deploy.story().indexOf('check node1')).toBeLessThan(deploy.story().indexOf('activate node2'))
  })

  it('beyond the budget takes all back, and says what was allowed', () => {
    const deploy = play(4, { maxFailures: 1 }).until('nothing', failing('verify node1', 'verify node2'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored restored restored staged'])
    expect(deploy.now().reason).toBe('node2: it is broken (2 nodes failed, 1 allowed)')
  })

  it('to reach a node within its budget leaves the node out; beyond it nothing is touched', () => {
    const one = play(3, { maxUnreachable: 1 }).until('nothing', away('probe node2'))
    expect([one.now().phase, one.nodes()]).toEqual(['succeeded', 'updated updated unreachable'])
    expect(describeDeploy(one.now())).toContain('succeeded, without node2 (unreachable).')
    const two = play(3, { maxUnreachable: 1 }).until('nothing', away('probe node2', 'stage node1'))
    expect([two.now().phase, two.nodes()]).toEqual(['failed', 'staged unreachable unreachable'])
    expect(describeDeploy(two.now())).toContain('Nothing that runs was touched.')
  })

  it('to reach a node that has left the fleet counts for nothing, before the switch and after', () => {
    const left =
      (...names: readonly string[]) =>
      (effect: Effect) =>
        names.includes(`${effect.kind} ${effect.node}`) ? ('gone' as const) : false
    const before = play(3).until('nothing', left('resolve node0', 'stage node1'))
    expect([before.now().phase, before.nodes()]).toEqual(['succeeded', 'gone gone updated'])
    expect(describeDeploy(before.now())).toContain('succeeded, without node0 (gone), node1 (gone).')
    const after = play(3, { drains: true }).until('nothing', left('verify node0', 'undrain node1'))
    expect([after.now().phase, after.nodes()]).toEqual(['succeeded', 'gone gone updated'])
    expect(describeDeploy(after.now())).not.toContain('STILL DRAINED')
    expect(play(2).until('nothing', left('probe node0', 'probe node1')).now().phase).toBe('failed')
  })

  it('to resolve on a node that is gone is made good on another of its class', () => {
    const deploy = play(3, { maxUnreachable: 1 }).until('nothing', away('resolve node0'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'unreachable updated updated'])
  })

  it('of a node that cannot be taken back ends the deploy where no other may be taken out beside it', () => {
    const deploy = play(3, { maxFailures: 1 }).until('nothing', failing('verify node1', 'restore node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rollback_failed', 'updated lost staged'])
    expect(deploy.now().reason).toContain('No further node may be taken out of service, 1 at a time: node1 could not')
  })
})

describe('waves', () => {
  it('are each watched and looked at again before the next, canaries first', () => {
    const limits = { waves: [1, 3], canary: ['node3'], soakSeconds: 10, waveSoakSeconds: 60 }
    const deploy = play(4, limits).until('nothing')
    expect(deploy.story()).toEqual([
      ...['activate node3', 'verify node3', 'soak', 'recheck node3'],
      ...['activate node0', 'verify node0', 'recheck node0', 'recheck node3', 'activate node1', 'verify node1', 'soak'],
      ...['recheck node0', 'recheck node1', 'recheck node3', 'activate node2', 'verify node2', 'soak'],
      ...['recheck node0', 'recheck node1', 'recheck node2', 'recheck node3'],
    ])
  })
})

describe('a node that is tried once more', () => {
  it('is watched like its wave was, before the next wave begins', () => {
    const deploy = play(4, { waves: [2], soakSeconds: 10, onFailure: 'pause' })
      .until('activate node1')
      .until('soak undefined')
    deploy.until('nothing', failing('recheck node1')).say('retry').until('activate node2')
    expect(deploy.story().slice(-7)).toEqual([
      ...['recheck node0', 'activate node1', 'verify node1', 'soak', 'recheck node0', 'recheck node1'],
      'activate node2',
    ])
  })
})

describe('a deploy from before there were policies', () => {
  it('loads, and goes on as it always did', () => {
    const { maxFailures: _f, onFailure: _o, ...old } = play(2).until('activate node1').now()
    const head = headDocument.schema.parse(JSON.parse(JSON.stringify(old)))
    expect(play(2, {}, head).until('nothing', failing('verify node1')).now().phase).toBe('rolled_back')
  })
})
