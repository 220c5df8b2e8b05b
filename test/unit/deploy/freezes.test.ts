import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeFrozen, type Freeze, freezeSchema, frozenAt } from '../../../src/deploy/rollout/freezes.ts'
import { freezesFor } from '../../../src/deploy/rollout/progress.ts'
import { play } from '../../support/played-deploy.ts'
import { runIn, runWorlds } from '../../support/rollout-runs.ts'
import { pairs } from '../../support/rollout-worlds.ts'

const aFreeze = (from: string, to: string, zone = 'Europe/Berlin'): Freeze => freezeSchema.parse({ from, to, zone })
/** Until when, as UTC to the minute. */
function until(freezes: readonly Freeze[], now: string): string | undefined {
  const frozen = frozenAt(freezes, Date.parse(now))
  return frozen && new Date(frozen.until).toISOString().slice(0, 16)
}

describe('a freeze', () => {
  it('may be once, on the clocks of its zone or with an offset', () => {
    const once = [aFreeze('2026-12-23T18:00', '2027-01-02 08:00')]
    expect(until(once, '2026-12-23T16:59Z')).toBeUndefined()
    expect([until(once, '2026-12-23T17:00Z'), until(once, '2027-01-02T06:59Z')]).toEqual(
      Array(2).fill('2027-01-02T07:00'),
    )
    expect(until(once, '2027-01-02T07:00Z')).toBeUndefined()
    expect(until([aFreeze('2026-12-23T18:00Z', '2026-12-23T20:00+01:30')], '2026-12-23T18:01Z')).toBe(
      '2026-12-23T18:30',
    )
  })

  it('may come each week, over midnights and the end of a year', () => {
    const weekend = [aFreeze('fri 16:00', 'mon 08:00')]
    expect(until(weekend, '2026-11-27T14:59Z')).toBeUndefined()
    expect(until(weekend, '2026-11-27T15:00Z')).toBe('2026-11-30T07:00')
    expect(until(weekend, '2026-11-30T06:59Z')).toBe('2026-11-30T07:00')
    expect(until(weekend, '2026-11-30T07:00Z')).toBeUndefined()
    expect(until(weekend, '2027-01-02T12:00Z')).toBe('2027-01-04T07:00')
    expect(until([aFreeze('wed 10:00', 'wed 09:00')], '2026-11-25T09:30Z')).toBe('2026-12-02T08:00')
    expect(until([aFreeze('wed 10:00', 'wed 09:00')], '2026-11-25T08:30Z')).toBeUndefined()
  })

  it('may come each day or night', () => {
    const night = [aFreeze('22:00', '06:00', 'Asia/Kathmandu')]
    expect(until(night, '2026-11-26T16:14Z')).toBeUndefined()
    expect([until(night, '2026-11-26T16:15Z'), until(night, '2026-11-27T00:14Z')]).toEqual(
      Array(2).fill('2026-11-27T00:15'),
    )
    expect(until([aFreeze('09:00', '17:00', 'America/New_York')], '2026-07-01T20:59Z')).toBe('2026-07-01T21:00')
  })

  it('follows the clocks where they are set forward and back, and loses nothing of an hour that comes twice or never', () => {
    const night = [aFreeze('22:00', '06:00')]
    expect([until(night, '2026-03-28T21:00Z'), until(night, '2026-10-24T20:00Z')]).toEqual([
      '2026-03-29T04:00',
      '2026-10-25T05:00',
    ])
    expect(until([aFreeze('fri 16:00', 'mon 08:00')], '2026-10-23T14:00Z')).toBe('2026-10-26T07:00')
    const short = [aFreeze('02:30', '02:45')]
    expect([until(short, '2026-10-25T00:30Z'), until(short, '2026-10-25T01:44Z')]).toEqual(
      Array(2).fill('2026-10-25T01:45'),
    )
    expect([until(short, '2026-03-29T01:29Z'), until(short, '2026-03-29T01:30Z')]).toEqual([
      undefined,
      '2026-03-29T01:45',
    ])
  })

  it('goes on with the next one where that leaves no gap, and says until when of all', () => {
    const freezes = [aFreeze('fri 16:00', 'mon 08:00'), aFreeze('2026-11-30T08:00', '2026-11-30T12:00')]
    expect(until(freezes, '2026-11-28T12:00Z')).toBe('2026-11-30T11:00')
    const [first] = freezes
    const frozen = first && frozenAt([{ ...first, reason: 'weekend' }], Date.parse('2026-11-28T12:00Z'))
    expect(frozen && describeFrozen(frozen)).toBe('frozen until 2026-11-30 08:00 Europe/Berlin (weekend)')
  })

  it.each<[string, object, string]>([
    ['is never over', { from: 'fri 16:00', to: 'fri 16:00' }, 'would never be over'],
    ['ends first', { from: '2026-12-23T18:00', to: '2026-12-23T17:00' }, 'ends before it begins'],
    ['mixes forms', { from: 'fri 16:00', to: '08:00' }, 'from and to must both be'],
    ['has no time', { from: 'freitag', to: '08:00' }, '"freitag" is no time of a freeze'],
    ['has no such day', { from: '2026-13-01T00:00', to: '2026-12-23T17:00' }, 'is no time of a freeze'],
    ['has an unknown zone', { from: '22:00', to: '06:00', zone: 'Berlin' }, 'is no time zone that is known here'],
  ])('is refused where it %s', (_what, freeze, problem) => {
    expect(
      freezeSchema
        .safeParse(freeze)
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toContain(problem)
  })
})

describe('a deploy', () => {
  /** The steps of a played deploy are at milliseconds from the epoch, and what is said is at 500. */
  const freezes = (from: number, to: number): Freeze[] => [
    aFreeze(new Date(from).toISOString(), new Date(to).toISOString(), 'UTC'),
  ]

  it('that meets a freeze finishes the wave that was begun, and waits before the next until a person lets it go on', () => {
    const deploy = play(4, { waves: [1, 3], freezes: freezes(14, 1_000) }).until('')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated updated updated staged'])
    expect(deploy.now().paused).toMatchObject({ from: 'rolling', failure: false })
    expect(deploy.now().paused?.reason).toMatch(/^web is frozen until 1970-01-01 00:00 UTC/)
    expect([deploy.say('resume').until('').now().phase, deploy.nodes()]).toEqual([
      'succeeded',
      Array(4).fill('updated').join(' '),
    ])
  })

  it('that comes to its first wave in a freeze touches nothing, runs no migration, and may be aborted', () => {
    const deploy = play(2, { prepares: true, freezes: freezes(0, 1_000) }).until('')
    expect([deploy.now().phase, deploy.now().paused?.from, deploy.story()]).toEqual(['paused', 'preparing', []])
    expect(deploy.say('abort').now().phase).toBe('aborted')
  })

  /** Those that people have made, as a deploy is told of them. */
  const made = (serial: number, ...ids: readonly string[]) => {
    const always = {
      from: '1970-01-01T00:00Z',
      to: '2100-01-01T00:00Z',
      zone: 'UTC',
      reason: 'audit',
      by: 'kim',
      at: '',
    }
    return { kind: 'freezes' as const, imposed: { serial, freezes: ids.map((id) => ({ ...always, id })) } }
  }

  it('that is told of a new freeze while it rolls waits before its next wave, and goes on once it is gone and a person says so', () => {
    const deploy = play(4, { waves: [1, 3] })
      .until('activate node1')
      .tell(made(7, 'a'))
      .until('')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated updated updated staged'])
    expect(deploy.now().paused?.reason).toBe('web is frozen until 2100-01-01 00:00 UTC (audit)')
    deploy.tell(made(8))
    expect(deploy.now().phase).toBe('paused')
    expect(deploy.say('resume').until('').now().phase).toBe('succeeded')
  })

  it('does not wait for the sake of a node that joined after all others were done: that one is left out', () => {
    const deploy = play(2, { asksAgain: true }).until('activate node1').joins().tell(made(7, 'a')).until('')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['succeeded', 'updated updated unprepared'])
    expect(deploy.now().nodes[2]?.problem).toBe('not begun: web is frozen until 2100-01-01 00:00 UTC (audit)')
  })

  it('holds by the newest of what it was told, in whatever order that comes', () => {
    const late = play(2).until('plan undefined').tell(made(8)).tell(made(7, 'a'))
    expect(late.until('').now().phase).toBe('succeeded')
    const planned = play(2, { imposed: made(7, 'a').imposed })
      .until('plan undefined')
      .tell(made(8))
    expect(planned.until('').now().phase).toBe('succeeded')
    const fresh = play(2, { imposed: made(9, 'a').imposed })
      .until('plan undefined')
      .tell(made(8))
    expect(fresh.until('').now().phase).toBe('paused')
  })

  it('that a person let go on in a freeze waits again for one that was made since', () => {
    const deploy = play(4, { waves: [1, 3], imposed: made(1, 'a').imposed })
      .until('')
      .say('resume')
    deploy
      .until('activate node1')
      .tell(made(2, 'a', 'b'))
      .until('')
    expect([deploy.now().phase, deploy.nodes()]).toEqual(['paused', 'updated updated updated staged'])
    expect(deploy.say('resume').until('').now().phase).toBe('succeeded')
  })

  it('that ends, or goes back, minds no freeze', () => {
    const back = play(2).until('verify node1').say('abort').tell(made(1, 'a'))
    expect(back.until('').now().phase).toBe('aborted')
  })

  it('begins no wave in a freeze that nobody passed over, whatever happens', () => {
    fc.assert(
      fc.property(runWorlds, (world) => {
        const { states, times } = runIn(world)
        for (const [at, [before, after]] of pairs(states).entries()) {
          const known = before.effects.map(({ attempt }) => attempt)
          const touched = after.effects.filter(
            ({ kind, attempt }) => (kind === 'activate' || kind === 'drain') && !known.includes(attempt),
          )
          const begun = (wave: number | undefined) =>
            before.nodes.some((one) => one.wave === wave && (one.activation !== undefined || one.drained === true))
          const opens = touched.some(({ node }) => !begun(before.nodes.find(({ name }) => name === node)?.wave))
          if (opens) expect(frozenAt(freezesFor(after), times[at + 1] ?? 0)).toBeUndefined()
        }
      }),
    )
  })
})
