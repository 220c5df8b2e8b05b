import { describe, expect, it } from 'vitest'
import { evaluateMarker } from '../../../src/packaging/marker-evaluation.ts'
import { markerText, parseMarker } from '../../../src/packaging/markers.ts'
import { parseRequirement, requirementMeaning } from '../../../src/packaging/requirements.ts'

const meaning = (text: string) => {
  const parsed = parseRequirement(text)
  return parsed === undefined ? undefined : requirementMeaning(parsed)
}

describe('requirements', () => {
  it('are read in all their parts', () => {
    expect(parseRequirement('Foo.Bar[a, B] (>=1,<2) ; python_version < "3.9" and extra == \'X_Y\'')).toMatchObject({
      name: 'Foo.Bar',
      extras: ['a', 'B'],
      url: undefined,
      specifiers: [
        { operator: '>=', text: '1' },
        { operator: '<', text: '2' },
      ],
      marker: { joins: ['and'], operands: [{ operator: '<' }, { right: { text: 'x-y' } }] },
    })
    expect(parseRequirement('foo @ https://example.com/a;b ; os_name=="nt"')).toMatchObject({
      url: 'https://example.com/a;b',
      specifiers: [],
      marker: { joins: [] },
    })
  })

  it.each([
    ['foo', 'FOO'],
    ['foo-bar [b,a] >=1.0,<2', 'Foo_Bar[a, B](<2, >=1)'],
    ["foo; python_version>'3'", 'foo;python_version > "3"'],
    ["foo; (python_version>'3')", 'foo;((python_version > "3"))'],
    ['foo; extra == "Test_A"', 'foo; extra == "test-a"'],
  ])('%s is %s', (a, b) => expect(meaning(a)).toBe(meaning(b)))

  it.each([
    ['foo', 'bar'],
    ['foo', 'foo[x]'],
    ['foo>=1', 'foo>=1,<2'],
    ['foo', 'foo; python_version > "3"'],
    ['foo', 'foo @ https://example.com/foo.whl'],
  ])('%s is not %s', (a, b) => expect(meaning(a)).not.toBe(meaning(b)))

  it.each(
    [
      '',
      '-foo',
      'foo >> 1',
      'foo 1.0',
      'foo[a',
      'foo (>=1',
      'foo >=1 <2',
      'foo;',
      'foo; x',
      'foo; os_name == nt',
      'foo @',
    ].concat(
      [
        'foo; os_name = "nt"',
        'foo; (os_name == "nt"',
        'foo, bar',
        'foo[a b]',
        'foo>=1,,<2',
        'foo;os_name not "x"',
        'foo\n',
      ],
      [`foo;${'('.repeat(5000)}`],
    ),
  )('%j cannot be read', (text) => expect(parseRequirement(text)).toBeUndefined())
})

describe('markers', () => {
  const environment = { python_version: '3.11', os_name: 'posix', platform_release: '6.1-amd64', extra: 'Test_A' }

  it.each([
    ['python_version >= "3.9"', true],
    ['"3.9" <= python_version', true],
    ['python_version == "3.1"', false],
    ['python_version ~= "3.8"', true],
    ['python_version in "3.10 3.11"', true],
    ['os_name != "nt" and python_version < "3.12"', true],
    ['os_name == "nt" or os_name == "posix" and python_version > "4"', false],
    ['(os_name == "nt" or os_name == "posix") and python_version < "4"', true],
    ['extra == "test.a"', true],
    ['os_name < "z"', false],
    ['platform_release == "6.1-amd64"', true],
    ['sys_platform == "linux"', undefined],
    ['os_name ~= "posix"', undefined],
  ])('%s is %s', (text, value) => {
    const marker = parseMarker(text)
    expect(marker && evaluateMarker(marker, environment)).toBe(value)
  })

  it('keep their brackets where they mean something', () => {
    const text = (marker: string) => markerText(parseMarker(marker) ?? { operands: [], joins: [] })
    const inner = "(os.name == 'a' or os_name == 'b') and ((python_version > '3'))"
    expect(text(inner)).toBe('(os_name == "a" or os_name == "b") and python_version > "3"')
  })
})
