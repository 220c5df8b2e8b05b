import { describe, expect, it } from 'vitest'
import { leaseDocument } from '../../../src/deploy/documents.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { aProcess, aWorld, headIn, isConcluded, type World } from '../../support/worker-processes.ts'

const alive = () => 'goes' as const
const stateOf = async (here: World, name: string) =>
  (await headIn(here))?.nodes.find((node) => node.name === name)?.state
const released = async ({ store }: World) =>
  (await documentsOn(store).read(leaseDocument, keys.lease('web')))?.value.released

describe('a worker that is told to stop', () => {
  /** Told so while the second node is in a state, and gone by the end. */
  async function stoppedAt(state: string, stopSeconds?: number) {
    const here = await aWorld()
    const first = await aProcess(here, 'first', alive, false, true, stopSeconds)
    await here.clock.passUntil(async () => (await stateOf(here, 'n2')) === state)
    let gone = false
    void first.stop().then(() => {
      gone = true
    })
    await here.clock.passUntil(async () => gone)
    return { here, first }
  }

  it.each([
    ['draining', 'activating'],
    ['activating', 'verifying'],
    ['verifying', 'undraining'],
  ])(
    'finishes what is in hand and begins nothing more: what was %s is left as %s, and the lease is released',
    async (state, next) => {
      const { here, first } = await stoppedAt(state)
      expect([await stateOf(here, 'n2'), await released(here)]).toEqual([next, true])
      const begun = [...here.fleet.started]
      const head = await headIn(here)
      const outstanding = head?.effects.map(({ attempt }) => attempt) ?? []
      expect(outstanding.filter((attempt) => begun.includes(attempt))).toEqual([])
      expect(first.problems).toEqual([])
      // Another goes on long before a lease that nobody gave back would have expired.
      const since = here.clock.monotonic()
      await aProcess(here, 'second', alive, false)
      await here.clock.passUntil(async () => (await headIn(here))?.fence === (head?.fence ?? 0) + 1)
      expect(here.clock.monotonic() - since).toBeLessThan(2_000)
      await here.clock.passUntil(() => isConcluded(here))
      expect((await headIn(here))?.phase).toBe('succeeded')
      expect(new Set(here.fleet.started).size).toBe(here.fleet.started.length)
      for (const node of here.fleet.nodes) expect(node.serving).toBe(true)
    },
  )

  it('waits no longer than it may: what is in hand then is followed by the next one', async () => {
    const { here } = await stoppedAt('activating', 0.5)
    expect([await stateOf(here, 'n2'), await released(here)]).toEqual(['activating', true])
    await aProcess(here, 'second', alive, false)
    await here.clock.passUntil(() => isConcluded(here))
    expect((await headIn(here))?.phase).toBe('succeeded')
    expect(new Set(here.fleet.started).size).toBe(here.fleet.started.length)
  })

  it('does not wait for the end of a soak', async () => {
    const here = await aWorld()
    const first = await aProcess(here, 'first', alive, false)
    await here.clock.passUntil(async () => (await headIn(here))?.effects[0]?.kind === 'soak')
    const head = await headIn(here)
    let gone = false
    void first.stop().then(() => {
      gone = true
    })
    await here.clock.passUntil(async () => gone)
    expect((await headIn(here))?.effects).toEqual(head?.effects)
    expect(await released(here)).toBe(true)
  })
})
