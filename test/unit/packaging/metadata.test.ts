import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCoreMetadata, readCoreMetadata } from '../../../src/packaging/core-metadata.ts'
import { addressesIn } from '../../../src/packaging/metadata/addresses.ts'
import { metadataFields } from '../../../src/packaging/metadata/fields.ts'
import type { metadataRefusals } from '../../../src/packaging/metadata/refusals.ts'

/** Headers to add to a sound file; "Name" and the like replace its own. */
function parse(...headers: string[]) {
  const names = headers.map((header) => header.slice(0, header.indexOf(':')))
  const own = ['Metadata-Version: 2.1', 'Name: app', 'Version: 1.0']
  const kept = own.filter((header) => !names.includes(header.slice(0, header.indexOf(':'))))
  return parseCoreMetadata(Buffer.from(`${[...kept, ...headers].join('\n')}\n\nA description.\n`), 'The METADATA')
}

const codeOf = (...headers: string[]) => {
  const parsed = parse(...headers)
  return parsed.ok ? 'accepted' : parsed.code
}

describe('core metadata', () => {
  it('reads folded and repeated headers, and not the description after them', () => {
    const parsed = parse('Keywords: a\n  b', 'Requires-Dist: x', 'Requires-Dist: y')
    expect(parsed).toMatchObject({ ok: true, metadata: { requiresDist: ['x', 'y'], keywords: 'a\n  b' } })
    expect(parsed).toMatchObject({ description: 'A description.\n' })
  })

  it('names every field that is missing', () => {
    expect(parseCoreMetadata(Buffer.from('Name: app\n'), 'The METADATA')).toEqual({
      ok: false,
      code: 'metadata-field-missing',
      problem:
        'The METADATA lacks Metadata-Version and Version. Build it again with a current tool. [metadata-field-missing]',
    })
  })

  it('takes the UNKNOWN of old tools for nothing, and a description out of its header', () => {
    const text =
      'Metadata-Version: 1.0\nName: app\nVersion: 1\nRequires: UNKNOWN\nHome-page: UNKNOWN\nDescription: One\n        two\n       |  three\n'
    const parsed = parseCoreMetadata(Buffer.from(text.replace('Requires: UNKNOWN\n', '')), 'PKG-INFO')
    expect(parsed).toMatchObject({ metadata: { homePage: undefined }, description: 'One\ntwo\n  three' })
  })

  it.each([
    ['a line that is no header ends them, as for pip', 'Name: app\nVersion: 1\nno header\nRequires-Dist: x\n', []],
    ['a bare carriage return ends a line, as for pip', 'Name: app\nVersion: 1\nSummary: a\rRequires-Dist: x\n', ['x']],
    ['a blank before the colon makes it no header', 'Name: app\nVersion: 1\nRequires-Dist : x\n', []],
    ['Windows line ends', 'Name: app\r\nVersion: 1\r\nRequires-Dist: x\r\n\r\nRequires-Dist: y\r\n', ['x']],
  ])('%s', (_why, text, requiresDist) => {
    expect(readCoreMetadata(Buffer.from(`Metadata-Version: 2.1\n${text}`), 'METADATA')).toMatchObject({
      metadata: { requiresDist },
    })
  })

  it.each<[keyof typeof metadataRefusals, string[]]>([
    ['metadata-version-unknown', ['Metadata-Version: 9.9']],
    ['metadata-version-unknown', ['Metadata-Version: 2.10']],
    ['metadata-name-invalid', ['Name: -app']],
    ['metadata-name-invalid', ['Name: äpp']],
    ['metadata-version-invalid', ['Version: one']],
    ['metadata-field-repeated', ['Version: 1.0', 'Version: 2.0']],
    ['metadata-field-repeated', ['Requires-Python: >=3.8', 'requires-python: >=3.9']],
    ['metadata-field-too-new', ['Dynamic: License']],
    ['metadata-field-too-new', ['Metadata-Version: 2.4', 'Import-Name: app']],
    ['metadata-field-too-new', ['Metadata-Version: 1.1', 'Requires-Dist: x']],
    ['metadata-author-email-invalid', ['Author-email: nobody']],
    ['metadata-author-email-invalid', ['Maintainer-email: A <a@example.com>, B <b at example.com>']],
    ['metadata-classifier-unknown', ['Classifier: Nonsense :: Python']],
    ['metadata-content-type-invalid', ['Description-Content-Type: text/html']],
    ['metadata-content-type-invalid', ['Description-Content-Type: text/markdown; variant=Other']],
    ['metadata-content-type-invalid', ['Description-Content-Type: text/plain; charset=latin-1']],
    ['metadata-dynamic-invalid', ['Metadata-Version: 2.2', 'Dynamic: Version']],
    ['metadata-dynamic-invalid', ['Metadata-Version: 2.2', 'Dynamic: Colour']],
    ['metadata-url-invalid', ['Home-page: javascript:alert(1)']],
    ['metadata-url-invalid', ['Download-URL: example.com/app']],
    ['metadata-url-invalid', ['Project-URL: Home']],
    ['metadata-url-invalid', ['Project-URL: Home, ftp://example.com']],
    ['metadata-url-label-invalid', ['Project-URL: , https://example.com']],
    ['metadata-url-label-invalid', [`Project-URL: ${'x'.repeat(33)}, https://example.com`]],
    ['metadata-import-name-invalid', ['Metadata-Version: 2.5', 'Import-Name: class']],
    ['metadata-import-name-invalid', ['Metadata-Version: 2.5', 'Import-Namespace: a..b']],
    ['metadata-import-name-invalid', ['Metadata-Version: 2.5', 'Import-Name: a; public']],
    ['metadata-license-and-expression', ['Metadata-Version: 2.4', 'License: MIT', 'License-Expression: MIT']],
    ['metadata-license-expression-invalid', ['Metadata-Version: 2.4', 'License-Expression: Nonsense-1.0']],
    ['metadata-license-expression-invalid', ['Metadata-Version: 2.4', 'License-Expression: MIT AND']],
    ['metadata-license-file-invalid', ['Metadata-Version: 2.4', 'License-File: ../LICENSE']],
    ['metadata-license-file-invalid', ['Metadata-Version: 2.4', 'License-File: C:\\LICENSE']],
    ['metadata-extra-invalid', ['Provides-Extra: a b']],
    ['metadata-extra-invalid', ['Metadata-Version: 2.3', 'Provides-Extra: a_b', 'Provides-Extra: A-B']],
    ['metadata-requirement-invalid', ['Requires-Dist: x >> 1']],
    ['metadata-requirement-invalid', ['Requires-Dist: x; python_versoin > "3"']],
    ['metadata-requirement-direct', ['Requires-Dist: x @ https://example.com/x.whl']],
    ['metadata-requires-python-invalid', ['Requires-Python: >=3.6.*']],
    ['metadata-summary-invalid', ['Summary: one\n  two']],
    ['metadata-summary-invalid', [`Summary: ${'x'.repeat(513)}`]],
  ])('%s: %j', (code, headers) => {
    const parsed = parse(...headers)
    expect(parsed).toMatchObject({ ok: false, code })
    // Not read by chance: without what is wrong, the rest is fine.
    expect(
      codeOf(...headers.filter((header) => header.startsWith('Metadata-Version: 2')).filter((h) => !/9|10/.test(h))),
    ).toBe('accepted')
    expect(parsed.ok ? '' : parsed.problem).toMatch(
      new RegExp(`^The METADATA is not valid: its? .*\\. .*\\. \\[${code}\\]$`, 's'),
    )
  })

  it.each([
    ['setuptools 66: License-File in 2.1', ['License-File: LICENSE', 'License: UNKNOWN']],
    [
      'hatchling before PEP 639 was final',
      ['Metadata-Version: 2.3', 'License-Expression: MIT', 'License-File: LICENSE.txt'],
    ],
    ['wheel before 0.31', ['Metadata-Version: 2.0', 'Requires-Dist: x (>=1.0)', 'Provides-Extra: test']],
    ['setuptools 36: conditions as extras', ['Metadata-Version: 1.2', "Provides-Extra: :python_version=='2.7'"]],
    ['setuptools 38', ['Metadata-Version: 1.1', 'Description-Content-Type: text/markdown', 'Provides-Extra: test']],
    [
      'distutils',
      ['Metadata-Version: 1.0', 'Home-page: UNKNOWN', 'Author-email: UNKNOWN', 'Summary: UNKNOWN', 'Platform: any'],
    ],
    [
      'flit',
      [
        'Metadata-Version: 2.3',
        'Home-page: https://example.com',
        'Author-email: A B <a@example.com>',
        'Description-Content-Type: text/x-rst',
      ],
    ],
    [
      'poetry',
      [
        'Author: A',
        'Author-email: a@example.com',
        'Project-URL: Repository, https://example.com/x',
        'Requires-Dist: x (>=1.0,<2.0)',
      ],
    ],
    ['pdm', ['Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM', 'Keywords: ']],
    [
      'newest',
      ['Metadata-Version: 2.5', 'Import-Name: app', 'Import-Name: _app; private', 'Import-Namespace: acme.apps'],
    ],
    [
      'distutils, of 1.1 in 1.0',
      ['Metadata-Version: 1.0', 'Download-URL: http://example.com/x', 'Classifier: Topic :: X'],
    ],
    ['nothing to import', ['Metadata-Version: 2.5', 'Import-Name: ']],
    ['a field that nobody knows', ['Colour: blue']],
    ['a local host', ['Author-email: root@localhost', 'Home-page: http://wiki/app']],
    ['a classifier newer than the server', ['Classifier: Programming Language :: Python :: 3.99']],
    ['what is private', ['Classifier: Private :: Do Not Upload']],
    ['dynamic fields', ['Metadata-Version: 2.2', 'Dynamic: requires-dist', 'Dynamic: License-File']],
    ['two spellings of an extra, before that was an error', ['Provides-Extra: a_b', 'Provides-Extra: A-B']],
    [
      'a licence of one’s own',
      [
        'Metadata-Version: 2.4',
        'License-Expression: licenseref-Acme OR (mit AND GPL-3.0-or-later WITH Classpath-exception-2.0)',
      ],
    ],
    ['many authors', ['Author-email: "B, A" <ab@example.com>, c@example.com,']],
  ])('accepts what tools make: %s', (_tool, headers) => expect(codeOf(...headers)).toBe('accepted'))

  it('refuses what is not UTF-8, and a byte order mark, which hides the first header from pip', () => {
    expect(parseCoreMetadata(Uint8Array.of(0xff, 0xfe), 'PKG-INFO')).toMatchObject({ code: 'metadata-not-utf-8' })
    const marked = Buffer.from('\ufeffMetadata-Version: 2.1\nName: app\nVersion: 1.0\n')
    expect(parseCoreMetadata(marked, 'PKG-INFO')).toMatchObject({ code: 'metadata-field-missing' })
  })

  it('throws at no bytes, and reads long fields in linear time', () => {
    const line = fc.oneof(
      fc.constantFrom(...metadataFields.map(({ header }) => `${header}: `)),
      fc.string(),
      fc.constantFrom(' ', '\n', '\r', '(', '<', '"', ',', ';', '@', '===', '>=1'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        parseCoreMetadata(Buffer.from(`Metadata-Version: 2.5\nName: a\nVersion: 1\n${lines.join('')}`), 'METADATA')
      }),
      { numRuns: 500 },
    )
    for (const { header } of metadataFields) {
      for (const piece of [' ', '(', '<', '"', '1', 'a-', '.', ',', '\r', '=', 'a ', '1.', '((', "'", '[a,', 'a@']) {
        const start = performance.now()
        parse('Metadata-Version: 2.5', `${header}: x${piece.repeat(300_000 / piece.length)}x`)
        expect(performance.now() - start, `${header} with ${JSON.stringify(piece)}`).toBeLessThan(2_000)
      }
    }
  }, 120_000)
})

describe('addresses', () => {
  it.each([
    ['a@b', ['a@b']],
    ['A <a@b>, c@d', ['a@b', 'c@d']],
    ['"B, A" <ab@c>', ['ab@c']],
    ['"a\\"b" <c@d> (e, f)', ['c@d']],
    ['A', ['A']],
    [' , ', []],
  ])('in %s', (text, addresses) => expect(addressesIn(text)).toEqual(addresses))
})
