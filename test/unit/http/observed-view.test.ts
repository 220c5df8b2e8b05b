import { expect, it } from 'vitest'
import { describeStandings } from '../../../src/http/observed-view.ts'

it('what nodes were seen to run is told by what was looked at', () => {
  const seen = (standing: 'ok' | 'other' | 'silent', verified: 'process' | 'files', told?: string) => ({
    ...{ name: 'job1', version: '1.1', standing, verified },
    ...(told === undefined ? {} : { told }),
  })
  expect(
    describeStandings([
      seen('ok', 'process', '1.1'),
      seen('other', 'process', 'something else'),
      seen('silent', 'process'),
      seen('ok', 'files', '1.1'),
      seen('other', 'files', '1.0'),
      seen('silent', 'files'),
    ]),
  ).toEqual([
    'job1  runs 1.1',
    'job1  DRIFT: runs something else, with 1.1 on the disk',
    'job1  DRIFT: 1.1 has no process that runs',
    'job1  has 1.1 (verified: files only; nobody looked at a process)',
    'job1  DRIFT: has 1.0, with 1.1 on the disk',
    'job1  DRIFT: 1.1 is not whole on the disk',
  ])
})
