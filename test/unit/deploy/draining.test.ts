import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { refusalOf } from '../../../src/deploy/rollout/controls.ts'
import { failing, play } from '../../support/played-deploy.ts'
import { blank } from '../../support/rollout-worlds.ts'

const drains = { drains: true }

describe('a deploy of nodes behind a balancer', () => {
  it('takes each node out before it is restarted, and puts it back once it was verified', () => {
    const deploy = play(2, drains).until('nothing')
    expect(deploy.story()).toEqual([
      ...['drain node0', 'activate node0', 'verify node0', 'undrain node0', 'recheck node0'],
      ...['drain node1', 'activate node1', 'verify node1', 'undrain node1'],
    ])
    expect(deploy.now().nodes.map(({ drained }) => drained)).toEqual([undefined, undefined])
  })

  it('drains a node on its way back too, and one that is out already not once more', () => {
    const deploy = play(2, drains).until('nothing', failing('verify node1'))
    expect(deploy.story().slice(-10)).toEqual([
      ...['drain node1', 'activate node1', 'verify node1', 'restore node1', 'check node1', 'undrain node1'],
      ...['drain node0', 'restore node0', 'check node0', 'undrain node0'],
    ])
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored restored'])
  })

  it('does not restart a node that could not be drained, puts it back, and goes back', () => {
    const deploy = play(2, drains).until('nothing', failing('drain node1'))
    expect(deploy.story()).not.toContain('activate node1')
    expect(deploy.story()).toContain('undrain node1')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored unprepared'])
  })

  it('goes back all the same where the node cannot be drained for that', () => {
    let tried = 0
    const deploy = play(2, drains).until('nothing', ({ kind, node }) => {
      if (kind === 'drain' && node === 'node0') tried += 1
      return (kind === 'verify' && node === 'node1') || (kind === 'drain' && tried === 2)
    })
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rolled_back', 'restored restored'])
  })

  it('tries an undrain three times, later each time, before the node counts as failed', () => {
    const deploy = play(2, drains).until('nothing', failing('undrain node1'))
    const undrains = deploy.story().filter((one) => one === 'undrain node1')
    // Three on the new release, and three more on the old one.
    expect(undrains.length).toBe(6)
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['rollback_failed', 'updated lost'])
    expect(describeDeploy(deploy.now())).toContain('STILL DRAINED: node1.')
  })

  it('counts an undrain that came off in the end for good', () => {
    let tried = 0
    const deploy = play(2, drains).until('nothing', ({ kind }) => kind === 'undrain' && ++tried < 3)
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated'])
  })

  it('leaves who does not serve out of the balancer, and says so', () => {
    const deploy = play(2, drains).until('nothing', failing('verify node1', 'restore node1'))
    expect(deploy.nodes()).toBe('updated lost')
    expect(describeDeploy(deploy.now())).toContain('STILL DRAINED: node1. Whoever does not serve is not put back')
  })

  it.each(['pause', 'abort'] as const)(
    'puts a node that was only drained back untouched when it is told to %s',
    (kind) => {
      const deploy = play(2, drains).until('drain node1').say(kind).until('nothing')
      expect(deploy.story()).not.toContain('activate node1')
      expect(deploy.now().nodes[1]).toMatchObject({ state: 'staged' })
      expect(deploy.now().nodes[1]?.drained).toBeUndefined()
    },
  )

  it.each(['resume', 'retry'] as const)(
    'waits for a person for the sake of a node that could be neither drained nor put back: %s',
    (kind) => {
      const deploy = play(3, { ...drains, onFailure: 'pause', maxUnavailable: 2 })
      deploy.until('nothing', failing('drain node1', 'undrain node1'))
      expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated lost staged'])
      deploy.say(kind).until('nothing')
      const node1 = kind === 'retry' ? 'updated' : 'excluded'
      expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', `updated ${node1} updated`])
    },
  )

  it('puts such a node back before it waits for a person, who has it tried again', () => {
    const deploy = play(2, { ...drains, onFailure: 'pause' }).until('nothing', failing('drain node1'))
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated failed'])
    expect(deploy.story().at(-1)).toBe('undrain node1')
    expect(deploy.say('retry').until('nothing').nodes()).toBe('updated updated')
  })

  it('puts a node that runs the release already back, as an earlier deploy may have failed to', () => {
    const before = play(1, drains).until('drain node0').now()
    const nodes = before.nodes.map((node) => ({ ...node, state: 'current' as const, drained: true }))
    const deploy = play(1, drains, { ...before, nodes, effects: [] })
      .say('pause')
      .until('nothing')
    expect(deploy.story()).toContain('undrain node0')
    expect(deploy.now().nodes[0]).toMatchObject({ state: 'current' })
  })
})

it('shows a node that ran the release all along and could not be put back, and goes on: nobody touched it', () => {
  const before = play(2, drains).until('stage node0').now()
  const release = `${blank.version}-${'a'.repeat(12)}`
  const ran = { release, version: blank.version, healthy: true, verified: true }
  const nodes = before.nodes.map((node, at) => (at === 0 ? { ...node, state: 'ready' as const, before: ran } : node))
  const deploy = play(2, drains, { ...before, nodes, effects: before.effects.slice(1) })
  deploy.until('nothing', failing('undrain node0'))
  expect(deploy.story().filter((one) => one === 'undrain node0')).toHaveLength(3)
  expect([deploy.now().phase, deploy.nodes(), deploy.now().reason]).toEqual(['succeeded', 'current updated', undefined])
  expect(describeDeploy(deploy.now())).toContain(
    'ran it already (before: 1.1.0): could not be put back into the balancer',
  )
})

describe('what is run once per deploy', () => {
  const prepares = { prepares: true }

  it('is run on one node, when all are staged and none was touched', () => {
    const deploy = play(3, prepares).until('prepare node0')
    expect(deploy.nodes()).toBe('staged staged staged')
    expect(
      deploy
        .until('nothing')
        .story()
        .filter((one) => one.startsWith('prepare')),
    ).toEqual(['prepare node0'])
  })

  it.each(['roll_back', 'stop', 'pause'] as const)(
    'fails the deploy where it fails, with nothing touched, and is not tried again: on_failure %s',
    (onFailure) => {
      const deploy = play(2, { ...prepares, onFailure }).until('nothing', failing('prepare node0'))
      expect([deploy.now().phase, deploy.nodes()]).toEqual(['failed', 'staged staged'])
      expect(describeDeploy(deploy.now())).toContain('Nothing that runs was touched.')
      expect(deploy.now().reason).toBe('node0: it is broken')
    },
  )

  it('is waited for when the deploy is aborted, and its node cannot be left out meanwhile', () => {
    const deploy = play(2, prepares).until('prepare node0')
    expect(refusalOf(deploy.now(), { kind: 'exclude', node: 'node0' })).toBe(
      'node0 runs what is run once per deploy now',
    )
    deploy.say('abort')
    expect([deploy.now().phase, deploy.now().effects.length]).toEqual(['preparing', 1])
    expect([deploy.until('nothing').now().phase, deploy.nodes()]).toEqual(['aborted', 'staged staged'])
  })

  it('is not run where no node is to be restarted', () => {
    const deploy = play(1, prepares).until('stage node0').say('exclude', 'node0').until('nothing')
    expect(deploy.story()).toEqual([])
  })
})
