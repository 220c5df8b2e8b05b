import { describe, expect, it } from 'vitest'
import { chooseCoding } from '../../../src/http/negotiation.ts'
import { type Coding, codings } from '../../../src/registry/compression.ts'

describe('Accept-Encoding', () => {
  it.each<[string, Coding | undefined]>([
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZIP;Q=1, br;q=0.5', 'gzip'],
    ['br;q=0, zstd;q=0.001, gzip;q=0', 'zstd'],
    ['*', 'br'],
    ['*;q=0.1, gzip', 'gzip'],
    ['br;q=0, *', 'zstd'],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=1', 'gzip'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=nonsense', undefined],
    ['deflate', undefined],
  ])('%j is answered with %s', (header, coding) => expect(chooseCoding(header, codings)).toBe(coding))

  it('is never answered with what this Node cannot make', () => {
    expect(chooseCoding('zstd, gzip;q=0.5', ['br', 'gzip'])).toBe('gzip')
  })
})
