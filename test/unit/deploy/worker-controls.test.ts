import { describe, expect, it } from 'vitest'
import { controlDeploy } from '../../../src/deploy/control-deploy.ts'
import type { ControlKind } from '../../../src/deploy/rollout/control.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import type { Turn } from '../../support/mortal-store.ts'
import { aProcess, aWorld, deploy, headIn, isConcluded, stateIn, type World } from '../../support/worker-processes.ts'

const alive = (): Turn => 'goes'

/** Somebody at another server, whose news nobody hears: only the store is shared. */
function tell({ store, clock }: World, kind: ControlKind, { by = 'alice', node = '' } = {}): void {
  const ignore = () => undefined
  const ports = { documents: documentsOn(store), queue: inProcessQueue(ignore), bus: inProcessBus(ignore), clock }
  controlDeploy(ports, deploy, { kind, by, ...(node && { node }) }, new AbortController().signal).catch(ignore)
}

async function stateOf(here: World, name: string) {
  return (await headIn(here))?.nodes.find((node) => node.name === name)?.state
}

/** Aborts the deploy as soon as its second node is being restarted, whoever carries it then. */
async function abortedAtTheSecondNode(turn: (call: number) => Turn) {
  const here = await aWorld()
  const first = await aProcess(here, 'first', turn)
  const due = async () => (await stateOf(here, 'n2')) === 'activating'
  await here.clock.passUntil(async () => first.isDead() || (await due()))
  if (first.isDead() && !(await due())) {
    await aProcess(here, 'second', alive)
    await here.clock.passUntil(due)
    tell(here, 'abort')
  } else {
    tell(here, 'abort')
    await here.clock.passUntil(async () => first.isDead() || (await isConcluded(here)))
    if (first.isDead()) await aProcess(here, 'second', alive)
  }
  await here.clock.passUntil(() => isConcluded(here))
  return { here, calls: first.calls() }
}

describe('a deploy that is aborted while it runs', () => {
  it.each(['dies-before', 'dies-after'] as const)(
    'takes its nodes back whoever carries it, and whenever the worker dies: %s',
    async (death) => {
      const { calls } = await abortedAtTheSecondNode(alive)
      expect(calls).toBeGreaterThan(20)
      for (let n = 1; n <= calls; n++) {
        const { here } = await abortedAtTheSecondNode((call) => (call === n ? death : 'goes'))
        const head = await headIn(here)
        expect([head?.phase, head?.controls, head?.reason], `at call ${n}`).toEqual(['aborted', 1, 'Aborted by alice'])
        expect(head?.nodes.map(({ state }) => state)).toEqual(['restored', 'restored', 'staged'])
        for (const node of here.fleet.nodes) expect(node).toMatchObject({ running: '1.0.0-old', serving: true })
        expect(here.fleet.mostOutOfService).toBe(1)
        expect(new Set(here.fleet.started).size).toBe(here.fleet.started.length)
      }
    },
    60_000,
  )
})

describe('a deploy that is paused', () => {
  it('stays so over the death of its worker, and is resumed in the next one', async () => {
    const here = await aWorld()
    let dies = false
    const first = await aProcess(here, 'first', () => (dies ? 'dies-before' : 'goes'))
    await here.clock.passUntil(async () => (await stateOf(here, 'n2')) === 'activating')
    tell(here, 'pause')
    await here.clock.passUntil(async () => (await stateOf(here, 'n2')) === 'updated')
    dies = true
    await here.clock.passUntil(() => first.isDead())
    await aProcess(here, 'second', alive)
    const later = here.clock.now() + 120_000
    await here.clock.passUntil(() => here.clock.now() > later)
    expect([(await headIn(here))?.phase, await stateOf(here, 'n3')]).toEqual(['paused', 'staged'])
    tell(here, 'resume')
    await here.clock.passUntil(() => isConcluded(here))
    expect([(await headIn(here))?.phase, (await headIn(here))?.controls]).toEqual(['succeeded', 2])
  })
})

/** A deploy that two people have to approve, as far as its first worker takes it. */
async function gated(turn: (call: number) => Turn = alive) {
  const here = await aWorld()
  here.fleet.approvals = 2
  const first = await aProcess(here, 'first', turn)
  await here.clock.passUntil(async () => first.isDead() || (await stateIn(here))?.gated === deploy)
  return { here, first }
}

async function pass({ clock }: World, minutes: number) {
  for (let minute = 0; minute < minutes; minute++) {
    const later = clock.now() + 60_000
    await clock.passUntil(() => clock.now() > later)
  }
}

describe('a deploy that waits for approval', () => {
  it('is carried by nobody, told of once, and stays so over the death of whoever looked after it', async () => {
    const { here, first } = await gated()
    const lease = () => here.store.read('leases/web.json')
    const [state, held] = [await stateIn(here), await lease()]
    expect([state?.running, state?.gated]).toEqual([undefined, deploy])
    const second = await aProcess(here, 'second', alive)
    await pass(here, 10)
    // Nobody took it up, though several looked.
    expect(await lease()).toEqual(held)
    tell(here, 'approve', { by: 'bob' })
    await here.clock.passUntil(async () => (await headIn(here))?.approved?.length === 1)
    await here.clock.passUntil(async () => (await stateIn(here))?.gated === deploy)
    expect([...first.news, ...second.news].filter((phase) => phase === 'gated')).toHaveLength(1)
    tell(here, 'approve', { by: 'carol' })
    await here.clock.passUntil(() => isConcluded(here))
    expect((await headIn(here))?.phase).toBe('succeeded')
  })

  it('ends by itself when its time is over, and the next one may come', async () => {
    const { here } = await gated()
    await pass(here, 61)
    expect([(await headIn(here))?.phase, (await stateIn(here))?.gated]).toEqual(['expired', undefined])
    expect((await stateIn(here))?.recent).toMatchObject([{ deploy, phase: 'expired' }])
    expect(here.fleet.started.filter((attempt) => !attempt.includes('resolve'))).toEqual([])
  })

  it('gets there, waits, and goes on, whenever its worker dies', async () => {
    async function approved(turn: (call: number) => Turn) {
      const { here, first } = await gated(turn)
      if (first.isDead()) await aProcess(here, 'second', alive)
      await here.clock.passUntil(async () => (await headIn(here))?.phase === 'gated')
      for (const by of ['bob', 'carol']) tell(here, 'approve', { by })
      const seen = () => isConcluded(here)
      await here.clock.passUntil(async () => first.isDead() || (await seen()))
      if (first.isDead()) await aProcess(here, 'third', alive)
      await here.clock.passUntil(seen)
      return { here, calls: first.calls() }
    }
    const { calls } = await approved(alive)
    for (let n = 1; n <= calls; n += 3) {
      const { here } = await approved((call) => (call === n ? 'dies-after' : 'goes'))
      expect([(await headIn(here))?.phase, (await stateIn(here))?.gated], `at call ${n}`).toEqual([
        'succeeded',
        undefined,
      ])
      expect(new Set(here.fleet.started).size).toBe(here.fleet.started.length)
    }
  }, 60_000)
})

describe('a deploy that is paused for long', () => {
  it('keeps no worker and no lease from others, and is told of once', async () => {
    const here = await aWorld()
    const first = await aProcess(here, 'first', alive)
    await here.clock.passUntil(async () => (await stateOf(here, 'n2')) === 'activating')
    tell(here, 'pause')
    await here.clock.passUntil(async () => (await stateIn(here))?.resting === deploy)
    const held = await here.store.read('leases/web.json')
    await pass(here, 10)
    expect(await here.store.read('leases/web.json')).toEqual(held)
    tell(here, 'exclude', { node: 'n3' })
    await here.clock.passUntil(async () => (await headIn(here))?.controls === 2)
    await here.clock.passUntil(async () => (await stateIn(here))?.resting === deploy)
    expect(first.news.filter((phase) => phase === 'paused')).toHaveLength(1)
    tell(here, 'resume')
    await here.clock.passUntil(() => isConcluded(here))
    expect((await headIn(here))?.phase).toBe('succeeded')
  })
})
