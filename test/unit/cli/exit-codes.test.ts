import { expect, it } from 'vitest'
import { exitCodeOf } from '../../../src/cli/client/exit-codes.ts'
import type { Phase } from '../../../src/deploy/rollout/model.ts'

it.each<[phases: Phase[], code: number]>([
  [[], 0],
  [['succeeded', 'succeeded'], 0],
  [['succeeded', 'rolling'], 7],
  [['rolling', 'gated'], 6],
  [['succeeded', 'expired'], 6],
  [['gated', 'superseded'], 4],
  [['superseded', 'aborted'], 5],
  [['gated', 'rolled_back'], 3],
  [['rolled_back', 'failed'], 1],
])('a command that watched %j ends with %i: the worst decides', (phases, code) => {
  expect(exitCodeOf(phases)).toBe(code)
})
