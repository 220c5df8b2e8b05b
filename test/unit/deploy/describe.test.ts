import { describe, expect, it } from 'vitest'
import { describeDeploy } from '../../../src/deploy/describe.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { step } from '../../../src/deploy/rollout/step.ts'

describe('what a person reads of a deploy', () => {
  const queued = newRollout({ deploy: 'web.production.8', service: 'web', project: 'app', version: '1.2' }, 0)

  it('is which deploy it waits for, while it has not begun', () => {
    expect(describeDeploy(queued, 'web.production.7')).toBe(
      'web.production.8: app 1.2 on web waits for web.production.7 to end.\n',
    )
  })

  it('is that it waits, where no other is known to be under way', () => {
    const text = 'web.production.8: app 1.2 on web is waiting for its turn.\n'
    expect(describeDeploy(queued)).toBe(text)
    expect(describeDeploy(queued, 'web.production.8')).toBe(text)
  })

  it('is what it does, once it has begun', () => {
    expect(describeDeploy(step(queued, { kind: 'begin' }, 1), 'web.production.8')).toContain('asks who the fleet is')
  })
})
