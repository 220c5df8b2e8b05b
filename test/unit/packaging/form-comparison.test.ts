import { describe, expect, it } from 'vitest'
import { parseCoreMetadata } from '../../../src/packaging/core-metadata.ts'
import { compareForm } from '../../../src/packaging/form-comparison.ts'

const text = [
  'Metadata-Version: 2.4',
  'Name: Acme.Forms_0',
  'Version: 1.0',
  'Summary: forms',
  'Keywords: a,b',
  'License-Expression: MIT',
  'Requires-Python: >=3.8, <4',
  'Requires-Dist: x (>1,<3) ; python_version > "3"',
  'Requires-Dist: y[a,b]; extra == "Test_A"',
  'Project-URL: Home, https://example.com',
].join('\n')

function comparison(fields: Record<string, string[]>) {
  const parsed = parseCoreMetadata(Buffer.from(text), 'METADATA')
  if (!parsed.ok) throw new Error(parsed.problem)
  return compareForm(new Map(Object.entries(fields)), parsed.metadata)
}

const both = ["X<3,>1; python_version>'3'", "Y[B,a] ; extra=='test-a'"]

describe('a form beside its archive', () => {
  it.each<[Record<string, string[]>, string]>([
    [{ name: ['Acme.Forms-0'], version: ['1.0.0'] }, 'twine has a dash for an underscore'],
    [{ requires_python: ['<4,>=3.8.0'], requires_dist: [...both].reverse() }, 'other spellings'],
    [
      { requires_python: [''], requires_dist: ['UNKNOWN'], summary: [''] },
      'old clients have no other way to say nothing',
    ],
    [{ keywords: ['a, b'], project_urls: ['Home, https://example.com'] }, 'twine puts a blank behind a comma'],
    [{}, 'nothing was said'],
  ])('agrees by meaning: %j (%s)', (fields, _why) => expect(comparison(fields)).toEqual({ misleading: [], other: [] }))

  it.each([
    ['requires_python', '>=3.9', '>=3.8, <4'],
    ['requires_dist', 'y', 'x (>1,<3) ; python_version > "3"; y[a,b]; extra == "Test_A"'],
    ['requires_dist', both[0] ?? '', 'x (>1,<3) ; python_version > "3"; y[a,b]; extra == "Test_A"'],
    ['version', '1.1', '1.0'],
    ['version', '1.0+local', '1.0'],
    ['name', 'other', 'Acme.Forms_0'],
  ])('misleads in %s: %s', (field, form, archive) =>
    expect(comparison({ [field]: [form] }).misleading).toEqual([{ field, form, archive }]),
  )

  it('misleads where a field that can be there once is sent twice', () => {
    expect(comparison({ version: ['1.0', '1.1'] }).misleading).toMatchObject([{ form: '1.0; 1.1' }])
  })

  it('differs harmlessly in what clients rewrite: kept for the audit', () => {
    expect(comparison({ metadata_version: ['2.3'], provides: ['acme'], summary: ['Forms'], license: ['MIT'] })).toEqual(
      {
        misleading: [],
        other: [
          { field: 'metadata_version', form: '2.3', archive: '2.4' },
          { field: 'summary', form: 'Forms', archive: 'forms' },
          { field: 'license', form: 'MIT', archive: '' },
          { field: 'provides', form: 'acme', archive: '' },
        ],
      },
    )
  })
})
