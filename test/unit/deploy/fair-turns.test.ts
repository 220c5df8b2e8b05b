import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairTurns } from '../../../src/deploy/ssh/fair-turns.ts'

/** Everybody's turns in the order in which they came, each ended before the next begins. */
async function servedBy(turns: FairTurns, parties: readonly string[]): Promise<string[]> {
  const served: string[] = []
  const all = parties.map(async (party, n) => {
    const end = await turns.take(party)
    served.push(`${party}${n}`)
    end()
  })
  await Promise.all(all)
  return served
}

describe('turns', () => {
  it('come in order for one party, and one after the other for several', async () => {
    const turns = new FairTurns(1)
    const end = await turns.take('a')
    const served = servedBy(turns, ['a', 'a', 'a', 'a', 'b', 'b', 'c'])
    end()
    expect(await served).toEqual(['a0', 'b4', 'c6', 'a1', 'b5', 'a2', 'a3'])
    expect(turns.isIdle).toBe(true)
  })

  it('end by themselves where somebody holds one for too long, and are then given back once', async () => {
    const turns = new FairTurns(2, 20)
    const held = [await turns.take('a'), await turns.take('a')]
    const ends = await Promise.all([turns.take('b'), turns.take('b')])
    for (const end of [...held, ...ends, ...held]) end()
    expect(turns.isIdle).toBe(true)
  })

  it('are not kept for those who gave up waiting, and not given to those who come too late to wait', async () => {
    const turns = new FairTurns(1)
    const end = await turns.take('a')
    const stop = new AbortController()
    const given = turns.take('b', stop.signal)
    const waiting = turns.take('b')
    stop.abort(new Error('stopped'))
    await expect(given).rejects.toThrow('stopped')
    end()
    const next = await waiting
    next()
    await expect(turns.take('b', stop.signal)).rejects.toThrow('stopped')
    expect(turns.isIdle).toBe(true)
  })

  it('are never more than allowed at once, and everybody who waits gets one, whoever gives up', async () => {
    const comers = fc.array(fc.record({ party: fc.constantFrom('a', 'b', 'c'), stops: fc.boolean() }), {
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), comers, async (limit, all) => {
        const turns = new FairTurns(limit)
        let [running, most, served] = [0, 0, 0]
        const ended = all.map(async ({ party, stops }) => {
          const stop = new AbortController()
          if (stops) setImmediate(() => stop.abort())
          const end = await turns.take(party, stop.signal).catch(() => undefined)
          if (end === undefined) return
          running += 1
          most = Math.max(most, running)
          await new Promise((resolve) => setImmediate(resolve))
          running -= 1
          served += 1
          end()
        })
        await Promise.all(ended)
        expect(most).toBeLessThanOrEqual(limit)
        expect(served).toBeGreaterThanOrEqual(all.filter(({ stops }) => !stops).length)
        expect(turns.isIdle).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
