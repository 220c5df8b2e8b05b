import { describe, expect, it } from 'vitest'
import { controlDeploy } from '../../../src/deploy/control-deploy.ts'
import type { ControlKind } from '../../../src/deploy/rollout/model.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import type { Turn } from '../../support/mortal-store.ts'
import { aProcess, aWorld, deploy, headIn, isConcluded, type World } from '../../support/worker-processes.ts'

const alive = (): Turn => 'goes'

/** Somebody at another server, whose news nobody hears: only the store is shared. */
function tell({ store, clock }: World, kind: ControlKind): void {
  const ignore = () => undefined
  const ports = { documents: documentsOn(store), queue: inProcessQueue(ignore), bus: inProcessBus(ignore), clock }
  controlDeploy(ports, deploy, { kind, by: 'alice' }, new AbortController().signal).catch(ignore)
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
