import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Effect } from '../../../src/deploy/rollout/model.ts'
import { faultyStore } from '../../support/faulty-store.ts'
import type { Turn } from '../../support/mortal-store.ts'
import { aProcess, aWorld, headIn, isConcluded, type World } from '../../support/worker-processes.ts'

function expectWhole({ fleet }: World, release: RegExp): void {
  for (const node of fleet.nodes) {
    expect(node.running).toMatch(release)
    expect(node.serving).toBe(true)
    expect(node.drained).toBe(false)
  }
  expect(fleet.mostOutOfService).toBe(1)
  expect(new Set(fleet.started).size).toBe(fleet.started.length)
  expect(fleet.started.filter((attempt) => attempt.includes('-prepare')).length).toBe(1)
}

const alive = (): Turn => 'goes'
const breaksOnSecond = ({ kind, node }: Effect) => kind === 'activate' && node === 'n2'
const outcomes = [
  ['a good release', undefined, 'succeeded', /^1\.1\.0-d{12}$/],
  ['a release that breaks the second node', breaksOnSecond, 'rolled_back', /^1\.0\.0-old$/],
] as const

describe.each(outcomes)(
  'a worker that dies at any of its calls to the store, with %s',
  (_name, breaks, phase, release) => {
    it.each(['dies-before', 'dies-after'] as const)(
      '%s: the next one finishes it, and runs nothing twice',
      async (death) => {
        const calm = await aWorld(breaks)
        const only = await aProcess(calm, 'only', alive)
        await calm.clock.passUntil(() => isConcluded(calm))
        const calls = only.calls()
        expect(calls).toBeGreaterThan(20)
        for (let n = 1; n <= calls; n++) {
          const here = await aWorld(breaks)
          const first = await aProcess(here, 'first', (call) => (call === n ? death : 'goes'))
          await here.clock.passUntil(() => first.isDead())
          const second = await aProcess(here, 'second', alive)
          await here.clock.passUntil(() => isConcluded(here))
          expect((await headIn(here))?.phase, `at call ${n}`).toBe(phase)
          expectWhole(here, release)
          expect(second.problems).toEqual([])
        }
      },
    )

    it('takes over where the store is shared once the lease was not renewed for its term', async () => {
      const here = await aWorld(breaks)
      const first = await aProcess(here, 'first', (call) => (call === 25 ? 'dies-after' : 'goes'), false)
      await aProcess(here, 'second', alive, false)
      await here.clock.passUntil(() => first.isDead())
      const died = here.clock.now()
      const fence = (await headIn(here))?.fence ?? 0
      await here.clock.passUntil(async () => ((await headIn(here))?.fence ?? 0) > fence)
      const took = here.clock.now() - died
      expect(took).toBeGreaterThanOrEqual(20_000)
      // It looks for work each ten seconds, and after what others hold each two; a lease counts from when it was renewed last.
      expect(took).toBeLessThan(35_000)
      await here.clock.passUntil(() => isConcluded(here))
      expect((await headIn(here))?.phase).toBe(phase)
      expectWhole(here, release)
    })

    it('does no harm when one that was held up for a minute goes on after another has taken over', async () => {
      const calm = await aWorld(breaks)
      const only = await aProcess(calm, 'only', alive, false)
      await calm.clock.passUntil(() => isConcluded(calm))
      for (let n = 3; n <= only.calls(); n++) {
        const here = await aWorld(breaks)
        const heldUp = () => here.clock.sleep(60_000)
        await aProcess(here, 'first', (call) => (call === n ? { heldUp: heldUp() } : 'goes'), false)
        await aProcess(here, 'second', alive, false)
        await here.clock.passUntil(() => isConcluded(here))
        // And the one that was held up has had its say too.
        const after = here.clock.now() + 90_000
        await here.clock.passUntil(() => here.clock.now() >= after)
        expect((await headIn(here))?.phase, `at call ${n}`).toBe(phase)
        expectWhole(here, release)
      }
    })
  },
)

describe.each(outcomes)('a worker whose clock jumps, with %s', (_name, breaks, phase, release) => {
  it.each([86_400_000, -86_400_000])('by %i ms: nobody takes over from it, and it ends as ever', async (jump) => {
    const calm = await aWorld(breaks)
    const only = await aProcess(calm, 'only', alive, false)
    const began = calm.clock.monotonic()
    await calm.clock.passUntil(() => isConcluded(calm))
    const took = calm.clock.monotonic() - began
    for (let n = 3; n <= only.calls(); n += 7) {
      const here = await aWorld(breaks)
      const since = here.clock.monotonic()
      const jumps = async () => here.clock.jump(jump)
      await aProcess(here, 'first', (call) => (call === n ? { heldUp: jumps() } : 'goes'), false)
      await here.clock.passUntil(async () => (await headIn(here))?.fence === 1)
      await aProcess(here, 'second', alive, false)
      await here.clock.passUntil(() => isConcluded(here))
      const head = await headIn(here)
      expect([head?.phase, head?.fence], `at call ${n}`).toEqual([phase, 1])
      // Each soak is as long as it was without.
      expect(here.clock.monotonic() - since).toBeGreaterThanOrEqual(took)
      expectWhole(here, release)
    }
  })
})

afterEach(() => void vi.restoreAllMocks())

describe.each(outcomes)('a store that is away for a while, with %s', (_name, breaks, phase, release) => {
  // Whoever writes tries again after a moment of this machine's own time: time goes on meanwhile, if slowly.
  const keepGoing = async ({ clock }: World, signal: AbortSignal) => {
    while (!signal.aborted) await clock.sleep(500, signal)
  }
  it.each([60])('%i s at any moment: the deploy ends as ever, and nothing is run twice', async (seconds) => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const calm = await aWorld(breaks)
    const only = await aProcess(calm, 'only', alive, false)
    await calm.clock.passUntil(() => isConcluded(calm))
    for (let n = 1; n <= only.calls(); n += 8) {
      const here = await aWorld(breaks)
      let back: number | undefined
      const fate = (call: number) => {
        if (call === n) back = here.clock.monotonic() + seconds * 1000
        return back !== undefined && here.clock.monotonic() < back ? 'unreached' : 'fine'
      }
      await aProcess({ ...here, store: faultyStore(here.store, fate) }, 'first', alive, false, false)
      const over = new AbortController()
      const going = keepGoing(here, over.signal)
      await here.clock.passUntil(() => isConcluded(here))
      over.abort()
      await going
      expect((await headIn(here))?.phase, `at call ${n}`).toBe(phase)
      expectWhole(here, release)
    }
  })
})

it('takes in a node that joins, whichever worker is there, where one dies at any of its calls to the store', async () => {
  const growing = async () => {
    const here = await aWorld(undefined, { nodes: 1 })
    here.fleet.joins = 'n2'
    return here
  }
  const calm = await growing()
  const only = await aProcess(calm, 'only', alive)
  await calm.clock.passUntil(() => isConcluded(calm))
  for (let n = 1; n <= only.calls(); n++) {
    const here = await growing()
    const death = n % 2 === 0 ? 'dies-before' : 'dies-after'
    const first = await aProcess(here, 'first', (call) => (call === n ? death : 'goes'))
    await here.clock.passUntil(() => first.isDead())
    const second = await aProcess(here, 'second', alive)
    await here.clock.passUntil(() => isConcluded(here))
    const states = (await headIn(here))?.nodes.map(({ name, state }) => `${name} ${state}`)
    expect(states, `at call ${n}`).toEqual(['n1 updated', 'n2 updated'])
    expect(here.fleet.nodes.every(({ running, serving }) => running?.startsWith('1.1.0-') && serving)).toBe(true)
    expect(new Set(here.fleet.started).size).toBe(here.fleet.started.length)
    expect(second.problems).toEqual([])
  }
})

it('saves what it decided before it acts on it', async () => {
  const here = await aWorld()
  const only = await aProcess(here, 'only', alive)
  await here.clock.passUntil(() => isConcluded(here))
  expect(only.decided.length).toBeGreaterThan(10)
  for (const [attempt, stored] of only.decided) expect(stored).toContain(attempt)
})
