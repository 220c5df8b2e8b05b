import { describe, expect, it } from 'vitest'
import { canonicalSpecifiers, contains, filterVersions, parseSpecifiers } from '../../../src/packaging/specifiers.ts'

function parse(text: string) {
  const parsed = parseSpecifiers(text)
  if (parsed === undefined) throw new Error(`${text} is not read`)
  return parsed
}

describe('specifiers', () => {
  it.each([
    ['==1.0', '1.0.0 1+local', '1.0.1 1.0a1 1.0.post1'],
    ['==1.0+local', '1.0+LOCAL 1.0.0+local', '1.0 1.0+other'],
    ['==1.0.*', '1.0 1 1.0.7 1.0a1 1.0.post1 1.0+x', '1.1 0.9 1!1.0'],
    ['!=1.0.*', '1.1 1!1.0', '1.0 1.0.9'],
    ['~=1.4.2', '1.4.2 1.4.9 1.4.2.post1', '1.4.1 1.5 1.4.2rc1 2'],
    ['~=1.4', '1.4 1.9', '2.0 2.0.dev1 1.3'],
    ['<1.0', '0.9 0.9.post1', '1.0 1.0rc1 1.0.dev0'],
    ['<1.0rc2', '1.0rc1 1.0a5', '1.0rc2 1.0'],
    ['<=1.0', '1.0 1.0+x 1.0rc1', '1.0.post1'],
    ['>1.0', '1.1 1.0.1 1.1rc1', '1.0 1.0.post1 1.0+x'],
    ['>1.0.post1', '1.0.post2 1.1', '1.0.post1 1.0'],
    ['>=1.0', '1.0 1.0+x 1.0.post1', '1.0rc1 0.9'],
    ['===foobar', 'foobar FooBar', '1.0'],
    ['>=1.0, <2 ,!=1.5', '1.0 1.9', '1.5 2.0 0.9'],
    ['', '1.0 2.0a1', ''],
  ])('%s has %s, and not %s', (text, inside, outside) => {
    const set = parse(text)
    const words = (list: string) => list.split(' ').filter(Boolean)
    expect(words(inside).filter((version) => !contains(set, version))).toEqual([])
    expect(words(outside).filter((version) => contains(set, version))).toEqual([])
  })

  it.each([
    '1.0',
    '=1.0',
    '>=1.0.*',
    '~=1',
    '==1.0.*+x',
    '<1.0+local',
    '>=1.0 <2',
    '=>1',
    '>=',
    '== 1.0 x',
    '>=1;',
    '>=ä',
  ])('%j cannot be read', (text) => expect(parseSpecifiers(text)).toBeUndefined())

  it('leave pre-releases out only where asked to, or where there is something else', () => {
    const set = parse('>=1.0')
    expect([contains(set, '1.1rc1'), contains(set, '1.1rc1', false)]).toEqual([true, false])
    expect(filterVersions(set, ['1.0', '1.1rc1'])).toEqual(['1.0'])
    expect(filterVersions(set, ['0.9', '1.1rc1'])).toEqual(['1.1rc1'])
    expect(filterVersions(parse('>=1.1rc1'), ['1.2', '1.3a1'])).toEqual(['1.2', '1.3a1'])
    expect(filterVersions(set, ['1.0', '1.1rc1'], true)).toEqual(['1.0', '1.1rc1'])
  })

  it.each([
    ['<4, >=3.8', '>=3.8.0,<4.0'],
    ['==1.0RC1,==1.0rc1', '==1rc1'],
    ['', ' , '],
  ])('%j means the same as %j', (a, b) => expect(canonicalSpecifiers(parse(a))).toBe(canonicalSpecifiers(parse(b))))
})
