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

  it('is that files were looked at and no process, wherever a node counts as updated', () => {
    const nodes = [
      { name: 'job1', state: 'updated' },
      { name: 'job2', state: 'current' },
      { name: 'job3', state: 'restored' },
    ] as const
    const text = describeDeploy({ ...queued, phase: 'succeeded', verifies: 'files', nodes })
    const only = '(verified: files only; nobody looked at a process)'
    expect(text.split('\n')).toEqual([
      `web.production.8: app 1.2 on web succeeded ${only}.`,
      expect.stringMatching(/^ {2}Plan: 3 nodes: .*; verified by files only, nobody looks at a process\.$/),
      `  job1  has it ${only}`,
      `  job2  had it already ${only}`,
      `  job3  has what it had again ${only}`,
      '',
    ])
  })

  it('is what it does, once it has begun', () => {
    expect(describeDeploy(step(queued, { kind: 'begin' }, 1), 'web.production.8')).toContain('asks who the fleet is')
  })
})
