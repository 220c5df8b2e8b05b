import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allows,
  allowsEverywhere,
  type Grant,
  matchesPattern,
  parseGrant,
  reachOf,
} from '../../../src/identity/scopes.ts'

describe('scopes', () => {
  it('reach equally far where they name the same, in whatever order, and whatever else they allow', () => {
    expect(reachOf(['read:b', 'upload:c', 'read:a', 'read:b'], 'read')).toBe('read:a,read:b')
    expect(reachOf(['read:a', 'manage', 'read:b'], 'read')).toBe(reachOf(['read:b', 'read:a'], 'read'))
    expect(reachOf(['read:a'], 'read')).not.toBe(reachOf(['read:a-b'], 'read'))
  })

  it.each([
    ['read', 'read'],
    ['upload:App', 'upload:app'],
    ['promote:Acme_Forms', 'promote:acme-forms'],
    ['upload:acme.*', 'upload:acme-*'],
    ['read:*', 'read:*'],
  ])('%s is the grant %s', (text, grant) => {
    expect(parseGrant(text)).toEqual({ grant })
  })

  it.each([
    ['write', 'There is no scope "write". There are: read, upload, manage, promote, deploy, approve, admin.'],
    ['upload:', '"upload:" names no projects: write upload:app, or upload:acme-* for all that begin so.'],
    ['upload:-app', '"upload:-app" names no projects'],
    ['upload:a b', '"upload:a b" names no projects'],
    ['admin:app', '"admin" is for everything: it takes no projects.'],
  ])('%s is refused: %s', (text, problem) => {
    expect(parseGrant(text)).toEqual({ problem: expect.stringContaining(problem) })
  })

  it.each<[granted: Grant[], project: string | undefined, allowed: boolean]>([
    [['upload'], 'app', true],
    [['admin'], 'app', true],
    [['read'], 'app', false],
    [['upload:app'], 'app', true],
    [['upload:app'], 'apple', false],
    [['upload:acme-*'], 'acme-forms', true],
    [['upload:acme-*'], 'acme', false],
    [['read', 'upload:acme-*', 'upload:app'], 'app', true],
    [['upload:app'], undefined, true],
    [['promote:app'], undefined, false],
  ])('%j lets one upload to %s: %s', (granted, project, allowed) => {
    expect(allows(granted, 'upload', project)).toBe(allowed)
  })

  it('everywhere is only what no project limits', () => {
    expect(allowsEverywhere(['read'], 'read')).toBe(true)
    expect(allowsEverywhere(['read:*'], 'read')).toBe(true)
    expect(allowsEverywhere(['read:app'], 'read')).toBe(false)
    expect(allowsEverywhere(['admin'], 'read')).toBe(true)
  })

  it('a pattern matches what the same regular expression does', () => {
    const part = fc.stringMatching(/^[ab-]{0,4}$/)
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[ab-]{0,12}$/), (parts, name) => {
        const expected = new RegExp(`^${parts.join('.*')}$`).test(name)
        expect(matchesPattern(parts.join('*'), name)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
