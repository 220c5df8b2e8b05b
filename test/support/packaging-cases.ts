import fc from 'fast-check'

/** Generators of what people and tools write as versions, specifiers, requirements and markers, and of what is nearly that. */

const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(12).map(String) },
  fc.constantFrom('00', '01', '007', '2024', '20240131235959', '9'.repeat(20), '18446744073709551616'),
)
const dot = fc.constantFrom('', '.', '-', '_')
const word = (...words: string[]) => fc.constantFrom(...words.flatMap((one) => [one, one, one.toUpperCase()]))
const optional = (arbitrary: fc.Arbitrary<string>) => fc.oneof({ weight: 2, arbitrary: fc.constant('') }, arbitrary)
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''))
const listed = (part: fc.Arbitrary<string>, maxLength: number, separator: string) =>
  fc.array(part, { minLength: 1, maxLength }).map((parts) => parts.join(separator))

const release = joined(optional(fc.constantFrom('v', 'V', '0!', '1!', '2!')), listed(number, 4, '.'))
const pre = joined(dot, word('a', 'b', 'rc', 'c', 'alpha', 'beta', 'pre', 'preview'), dot, optional(number))
const post = fc.oneof(joined(fc.constant('-'), number), joined(dot, word('post', 'rev', 'r'), dot, optional(number)))
const dev = joined(dot, word('dev'), dot, optional(number))
const suffixes = joined(optional(pre), optional(post), optional(dev))
const localPart = fc.constantFrom(
  '1',
  '2',
  '10',
  '010',
  'abc',
  'ABC',
  'ubuntu',
  '1e5',
  '0x1',
  'g1234abc',
  '9'.repeat(20),
)
const local = joined(
  fc.constant('+'),
  fc.array(localPart, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.')),
)
const goodVersion = joined(release, suffixes, optional(local))

/** One character more, less or other: most of what comes out is no longer valid, and some is, unexpectedly. */
function damaged(texts: fc.Arbitrary<string>, characters: string): fc.Arbitrary<string> {
  const character = fc.constantFrom(...characters, '')
  return fc.tuple(texts, fc.nat(40), fc.nat(1), character).map(([text, at, removed, inserted]) => {
    const place = text.length === 0 ? 0 : at % (text.length + 1)
    return text.slice(0, place) + inserted + text.slice(place + removed)
  })
}

export const anyVersion = fc.oneof(
  { weight: 4, arbitrary: goodVersion },
  damaged(goodVersion, '.-_+!v10a \t\n\x1c\x85\ufeffé٣ſ'),
)

const nearVersion = joined(
  fc.constantFrom('1', '1.0', '1.0.0', '1.1', '1.2', '1!1.0', '2', '0'),
  optional(fc.constantFrom('a1', 'a2', 'rc1', 'b2')),
  optional(fc.constantFrom('.post0', '.post1', '.post2')),
  optional(fc.constantFrom('.dev0', '.dev1', '.dev2')),
  optional(fc.constantFrom('+a', '+1', '+a.1')),
)
export const candidate = fc.oneof(
  { weight: 8, arbitrary: nearVersion },
  anyVersion,
  fc.constantFrom('x', '', 'foobar', 'FooBar'),
)

const blank = fc.constantFrom('', '', '', ' ', '  ')
const specified = fc.oneof({ weight: 6, arbitrary: nearVersion }, goodVersion)
const plainClause = joined(fc.constantFrom('==', '!=', '<', '>', '<=', '>=', '~='), blank, specified)
const publicClause = plainClause.map((text) => text.replace(/\+.*/, ''))
const prefixClause = joined(
  fc.constantFrom('==', '!='),
  fc.constantFrom('1', '1.0', '1.2', '1!1', '2.0.0', '0'),
  fc.constant('.*'),
)
const exactClause = joined(
  fc.constant('==='),
  blank,
  fc.oneof(candidate, fc.constantFrom('foobar', '1.0.*', 'a;b', 'a)b')),
)
const clause = fc.oneof(
  { weight: 6, arbitrary: publicClause },
  { weight: 2, arbitrary: prefixClause },
  plainClause,
  exactClause,
  damaged(publicClause, '=<>~!.*,+ \t\n'),
)
export const specifiers = fc.oneof(
  { weight: 8, arbitrary: listed(joined(blank, clause, blank), 3, ',') },
  fc.constantFrom('', ',', '>=1,', ',>=1', ' ', '>=1,,<2'),
)

export const anyName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}[A-Za-z0-9]$/),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,6}$/),
  fc.constantFrom('a\n', 'é', 'ſ', 'K', ' a', 'a b', ''),
)

const markerVariable = fc.constantFrom(
  ...[
    'python_version',
    'python_full_version',
    'os_name',
    'os.name',
    'sys_platform',
    'sys.platform',
    'platform_release',
  ],
  ...['platform.version', 'platform_machine', 'platform_system', 'platform_python_implementation', 'extra', 'extras'],
  ...[
    'python_implementation',
    'platform.python_implementation',
    'implementation_name',
    'implementation_version',
    'nope',
  ],
)
const markerText = fc.constantFrom(
  ...[
    '3',
    '3.8',
    '3.11',
    '3.11.2',
    '3.9.*',
    'linux',
    'Linux',
    'win32',
    'posix',
    'CPython',
    'cpython',
    'test',
    'Test_A',
    'x',
  ],
  ...[
    '6.1.0',
    '6.1.0-18-amd64',
    'x86_64',
    '',
    '2.7 3.11',
    'li\\x6eux',
    'a\\tb',
    '\\u0041',
    '\\N{DASH}',
    'é',
    "it's",
    '1.0+local',
  ],
)
const quoted = fc.tuple(markerText, fc.constantFrom('"', "'")).map(([text, quote]) => quote + text + quote)
const comparison = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: markerVariable }, quoted),
    fc.constantFrom('==', '!=', '<', '>', '<=', '>=', '~=', '===', 'in', 'not in', 'not  in'),
    fc.oneof({ weight: 5, arbitrary: quoted }, markerVariable),
    fc.constantFrom(' ', ' ', '  '),
  )
  .map(([left, operator, right, space]) => left + space + operator + space + right)
const goodMarker = fc.letrec<{ marker: string; atom: string }>((tie) => ({
  marker: fc
    .tuple(tie('atom'), fc.array(fc.tuple(fc.constantFrom('and', 'or'), tie('atom')), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest.flat()].join(' ')),
  atom: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    comparison,
    tie('marker').map((text) => `(${text})`),
  ),
})).marker
export const markers = fc.oneof({ weight: 5, arbitrary: goodMarker }, damaged(goodMarker, '()\'"\\ andor=<>'))

export const environments = fc.record({
  python_version: fc.constantFrom('3.8', '3.11', '2.7'),
  python_full_version: fc.constantFrom('3.8.10', '3.11.2', '3.13.0a2'),
  os_name: fc.constantFrom('posix', 'nt'),
  sys_platform: fc.constantFrom('linux', 'win32'),
  platform_release: fc.constantFrom('6.1.0-18-amd64', '6.1.0', '10'),
  platform_version: fc.constantFrom('#1 SMP', '1.0'),
  platform_machine: fc.constantFrom('x86_64', 'aarch64'),
  platform_system: fc.constantFrom('Linux', 'Windows'),
  platform_python_implementation: fc.constantFrom('CPython', 'PyPy'),
  implementation_name: fc.constantFrom('cpython', 'pypy'),
  implementation_version: fc.constantFrom('3.11.2', '7.3.13'),
  extra: fc.constantFrom('', 'test', 'Test.A', 'x'),
})

const extras = optional(
  joined(blank, fc.constant('['), blank, optional(listed(joined(blank, anyName, blank), 2, ',')), fc.constant(']')),
)
const versions = fc.oneof(
  fc.constant(''),
  joined(blank, specifiers),
  joined(fc.constant(' ('), specifiers, fc.constant(')')),
  joined(
    fc.constantFrom(' @ ', '@', ' @'),
    fc.constantFrom(
      'https://example.org/a-1.0.tar.gz',
      'file:///a',
      'git+ssh://git@example.org/a.git@v1',
      './a',
      'https://x;y',
      '',
    ),
    fc.constantFrom('', ' ', ' \t'),
  ),
)
const goodRequirement = joined(
  optional(fc.constant(' ')),
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom('foo', 'Foo.Bar', 'a', 'zope.interface', 'foo_bar') }, anyName),
  extras,
  versions,
  optional(joined(blank, fc.constant(';'), blank, markers)),
  blank,
)
export const requirements = fc.oneof(
  { weight: 5, arbitrary: goodRequirement },
  damaged(goodRequirement, '[](),;@=<> \t\n\'"é'),
)

/** Two texts that often mean the same: one is the other in another spelling. */
function respelt(texts: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> {
  const changes: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => text.replace(/ /g, ''),
    (text) => text.replace(/(\d)(?=,|$)/g, '$1.0'),
    (text) => text.split(',').reverse().join(','),
    (text) => text.toUpperCase(),
    (text) => text.replace(/_/g, '-'),
    (text) => text.replace(/"/g, "'"),
    (text) => text.replace('1', '2'),
    (text) => text.replace(/\.0/g, ''),
    (text) => text.replace(/^(\w+)(\(?)(.*?)(;|$)/, '$1 ($3)$4'),
  ]
  return fc.tuple(texts, fc.constantFrom(...changes)).map(([text, change]) => [text, change(text)])
}
export const specifierPairs = respelt(specifiers)
export const requirementPairs = respelt(goodRequirement)

const licenceName = fc.constantFrom(
  ...[
    'MIT',
    'mit',
    'Apache-2.0',
    'apache-2.0+',
    'GPL-3.0-or-later',
    'GPL-2.0+',
    'BSD-3-Clause',
    'LicenseRef-Acme',
    'licenseref-ACME',
  ],
  ...['LicenseRef-', 'LicenseRef-a_b', 'LicenseRef-A+', 'Nonsense', 'Classpath-exception-2.0', 'LLVM-exception'],
)
const licence = fc.letrec<{ all: string; one: string }>((tie) => ({
  all: fc
    .tuple(tie('one'), fc.array(fc.tuple(word('AND', 'OR', 'WITH', 'and'), tie('one')), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest.flat()].join(' ')),
  one: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    licenceName,
    tie('all').map((text) => `(${text})`),
  ),
})).all
export const licences = fc.oneof(
  { weight: 4, arbitrary: licence },
  damaged(licence, '() +éADORWITH'),
  fc.constantFrom('', '()'),
)

const headerLine = joined(
  fc.constantFrom('Name', 'name', 'Version', 'X-Y', 'Na me', 'Näme', '', 'From ', ' '),
  fc.constantFrom(':', ': ', ':\t', ' :', '', ': : '),
  fc.constantFrom('a', 'b c', '', 'ü', 'x: y'),
  fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\n ', '\n\t', '\n\n', ''),
)
export const messages = fc.array(headerLine, { maxLength: 8 }).map((lines) => lines.join(''))
