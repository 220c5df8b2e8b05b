import { describe, expect, it } from 'vitest'
import { parseRanges } from '../../../src/http/byte-range.ts'

describe('a Range header, for 10 bytes', () => {
  it.each([
    ['bytes=0-0', [{ start: 0, end: 0 }]],
    ['bytes=3-', [{ start: 3, end: 9 }]],
    ['bytes=-4', [{ start: 6, end: 9 }]],
    ['bytes=-40', [{ start: 0, end: 9 }]],
    ['bytes=2-99', [{ start: 2, end: 9 }]],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    [
      'bytes=0-1,3-4',
      [
        { start: 0, end: 1 },
        { start: 3, end: 4 },
      ],
    ],
    [
      'bytes= 0-1 , -2',
      [
        { start: 0, end: 1 },
        { start: 8, end: 9 },
      ],
    ],
    ['bytes=0-1,20-30', [{ start: 0, end: 1 }]],
    ['bytes=20-30,40-', 'unsatisfiable'],
    ['bytes=0-1,5-2', undefined],
    ['bytes=0-9,0-9', undefined],
    [`bytes=${Array(17).fill('0-0').join()}`, undefined],
    ['Bytes=3-', [{ start: 3, end: 9 }]],
    ['lines=1-2', undefined],
    ['bytes=-', undefined],
    ['bytes=', undefined],
    [undefined, undefined],
  ])('%s asks for %j', (header, ranges) => expect(parseRanges(header, 10)).toEqual(ranges))
})
