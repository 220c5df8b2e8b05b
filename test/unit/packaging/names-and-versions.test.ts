import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProjectName } from '../../../src/packaging/names.ts'
import { compareVersions, parseVersion, sortVersions } from '../../../src/packaging/versions.ts'

describe('project names', () => {
  it.each([
    ['Acme.Forms_0', 'acme-forms-0'],
    ['a', 'a'],
    ['zope.interface', 'zope-interface'],
    ['A--B__c', 'a-b-c'],
  ])('%s is %s', (raw, name) => expect(parseProjectName(raw)).toBe(name))

  it.each(['', '-a', 'a-', 'a b', 'a/b', 'ä', '../a', 'a\n', 'x'.repeat(201)])('%j is none', (raw) =>
    expect(parseProjectName(raw)).toBeUndefined(),
  )

  it('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,30}$/), (raw) => {
        const once = parseProjectName(raw)
        if (once !== undefined) expect(parseProjectName(once)).toBe(once)
      }),
    )
  })
})

describe('versions', () => {
  it.each([
    ['1.0RC-1', '1.0rc1'],
    ['v1.0-1', '1.0.post1'],
    ['1.4.2+Build.007', '1.4.2+build.7'],
    ['1!2.0.DEV3', '1!2.0.dev3'],
    ['1.0+1e5', '1.0+1e5'],
    ['1.0+0x10', '1.0+0x10'],
    ['  1.0  ', '1.0'],
    ['20240131235959123456.01', '20240131235959123456.1'],
  ])('%s is %s', (raw, canonical) => expect(parseVersion(raw)?.canonical).toBe(canonical))

  it.each(['', 'x', '1..0', '1.0+', '1.0+a..b', '1.0 1', '1.0/2', '1.'.repeat(80), '9'.repeat(257)])(
    '%j is none',
    (raw) => expect(parseVersion(raw)).toBeUndefined(),
  )

  it('equal versions have one key, whatever their zeros', () => {
    expect(parseVersion('1.0')?.key).toBe(parseVersion('1.0.0')?.key)
    expect(parseVersion('1.0a0')?.key).toBe(parseVersion('1a')?.key)
  })

  it('stand in the order of PEP 440', () => {
    const ordered = ['1.9.dev1', '1.9a1', '1.9rc1', '1.9', '1.9+a', '1.9+a.1', '1.9+1', '1.9.post1', '1.10', '1!0.1']
    expect(sortVersions([...ordered].reverse())).toEqual(ordered)
  })

  it('have a total order, and reading the canonical text changes nothing', () => {
    const version = fc
      .tuple(
        fc.constantFrom('', '1!'),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
        fc.constantFrom('', 'a1', 'b2', 'rc3'),
        fc.constantFrom('', '.post1'),
        fc.constantFrom('', '.dev4'),
        fc.constantFrom('', '+x', '+1.a', '+2'),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [left, right] = [parseVersion(a), parseVersion(b)]
        if (left === undefined || right === undefined) throw new Error(`${a} or ${b} is not read`)
        expect(parseVersion(left.canonical)).toEqual(left)
        expect(Math.sign(compareVersions(left, right))).toBe(-Math.sign(compareVersions(right, left)) + 0)
        expect(compareVersions(left, right) === 0).toBe(left.key === right.key)
      }),
    )
  })
})
