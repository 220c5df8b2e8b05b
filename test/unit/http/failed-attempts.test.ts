import { describe, expect, it } from 'vitest'
import { FailedAttempts } from '../../../src/http/failed-attempts.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function attempts() {
  let time = 0
  const clock = Object.assign(new FakeClock(), { monotonic: () => time })
  const failed = new FailedAttempts(clock, { burst: 3, refillSeconds: 2 })
  const pass = (seconds: number) => {
    time += seconds * 1000
  }
  return { failed, pass }
}

describe('failed logins', () => {
  it('are answered as such until there are too many, then with the seconds to wait', () => {
    const { failed, pass } = attempts()
    expect([1, 2, 3, 4, 5].map(() => failed.count('192.0.2.1'))).toEqual([undefined, undefined, undefined, 2, 2])
    pass(2)
    expect(failed.count('192.0.2.1')).toBeUndefined()
    expect(failed.count('192.0.2.1')).toBe(2)
    pass(60)
    expect([1, 2, 3, 4].map(() => failed.count('192.0.2.1'))).toEqual([undefined, undefined, undefined, 2])
  })

  it('of one address count for no other', () => {
    const { failed } = attempts()
    for (let n = 0; n < 10; n++) failed.count('192.0.2.1')
    expect(failed.count('192.0.2.2')).toBeUndefined()
  })

  it('count by the /64 that somebody has of IPv6', () => {
    const { failed } = attempts()
    for (let n = 0; n < 10; n++) failed.count(`2001:db8::${n}`)
    expect(failed.count('2001:db8:0:0:1::1')).toBe(2)
    expect(failed.count('2001:db8:0:1::1')).toBeUndefined()
  })
})
