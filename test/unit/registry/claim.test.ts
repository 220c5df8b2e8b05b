import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDomainError } from '../../../src/errors.ts'
import { metadataRefusals } from '../../../src/packaging/metadata/refusals.ts'
import { kindOfPlatformTag } from '../../../src/packaging/platform-tags.ts'
import { claimEarly, claimOf } from '../../../src/registry/claim.ts'
import type { UploadRules } from '../../../src/registry/form-fields.ts'
import { formRefusals } from '../../../src/registry/form-refusals.ts'

const open: UploadRules = { allowLocalVersions: true, allowLinuxTags: true }
const strict: UploadRules = { allowLocalVersions: false, allowLinuxTags: false }
const sha256 = 'Ab'.repeat(32)
const wheel = 'app-1.0-py3-none-any.whl'

type Fields = Readonly<Record<string, string | undefined>>

function claim(fields: Fields, filename = wheel, rules = open) {
  const filetype = filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist'
  const sound = {
    ':action': 'file_upload',
    protocol_version: '1',
    name: 'app',
    version: '1.0',
    filetype,
    pyversion: filetype === 'sdist' ? 'source' : 'py3',
    metadata_version: '2.1',
    sha256_digest: sha256,
  }
  const sent = Object.entries({ ...sound, ...fields }).flatMap(([name, value]): [string, string[]][] =>
    value === undefined ? [] : [[name, [value]]],
  )
  return claimOf(new Map(sent), filename, rules)
}

function refusalOf(act: () => unknown): unknown {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return isDomainError(error, 'invalid-upload') ? error.details['refusal'] : error
  }
}

describe('a form and its filename', () => {
  it.each<[keyof typeof formRefusals, Fields, string?]>([
    ['form-action-unknown', { ':action': 'submit' }],
    ['form-protocol-unknown', { protocol_version: '2' }],
    ['form-name-invalid', { name: 'a b' }],
    ['form-name-invalid', { name: undefined }],
    ['form-filetype-unknown', { filetype: 'bdist_egg' }],
    ['form-pyversion-invalid', { pyversion: undefined }],
    ['form-pyversion-invalid', { pyversion: 'py3' }, 'app-1.0.tar.gz'],
    ['form-digest-missing', { sha256_digest: '' }],
    ['form-digest-invalid', { sha256_digest: 'abc' }],
    ['form-digest-invalid', { blake2_256_digest: 'x'.repeat(64) }],
    ['form-digest-invalid', { md5_digest: sha256 }],
    ['form-metadata-version-unknown', { metadata_version: '2.9' }],
    ['form-version-invalid', { version: '1.0.x' }],
    ['filename-characters', {}, 'app-1.0-py3-none-any .whl'],
    ['filename-characters', {}, '../app-1.0-py3-none-any.whl'],
    ['filename-characters', {}, 'app-1.0-1<script>-py3-none-any.whl'],
    ['filename-characters', { name: 'a..b' }, 'a..b-1.0-py3-none-any.whl'],
    ['filename-characters', {}, `app-1.0-py3-none-${'a'.repeat(230)}.whl`],
    ['filename-invalid', {}, 'app-1.0.whl'],
    ['filename-invalid', { filetype: 'bdist_wheel', pyversion: 'py3' }, 'app-1.0.tar.gz'],
    ['filename-invalid', { filetype: 'sdist', pyversion: 'source' }],
    ['filename-invalid', {}, 'app-1.0.tar.bz2'],
    ['filename-invalid', { version: '1.0.post1' }, 'app-1.0_1-py3-none-any.whl'],
    ['filename-invalid', { name: 'a-b' }, 'a__b-1.0-py3-none-any.whl'],
    ['filename-name-differs', { name: 'other' }],
    ['filename-version-differs', { version: '1.0.1' }],
    ['filename-platform-unknown', {}, 'app-1.0-py3-none-amiga.whl'],
    ['filename-platform-unknown', {}, 'app-1.0-py3-none-any.manylinux.whl'],
  ])('are refused for %s: %j %s', (code, fields, filename) => {
    expect(refusalOf(() => claim(fields, filename))).toBe(code)
  })

  it.each<[Fields, string?]>([
    [{}],
    [{ name: 'App', version: '1.0', protocol_version: undefined, metadata_version: undefined }],
    [{ sha256_digest: undefined, md5_digest: 'ab'.repeat(16) }],
    [{ sha256_digest: 'UNKNOWN', blake2_256_digest: sha256 }],
    [{ pyversion: undefined }, 'app-1.0.tar.gz'],
    [{ pyversion: '' }, 'app-1.0.zip'],
    [{ version: '1.0+build7' }, 'app-1.0+build7-py3-none-any.whl'],
    [{ version: '1.0+b.7' }, 'app-1.0+b_7-py3-none-any.whl'],
    [{ version: '1.0.0' }],
    [{ name: 'a.b' }, 'A.b-1.0-2_x-py2.py3-none-any.whl'],
    [{}, 'app-1.0-cp311-cp311-linux_x86_64.whl'],
  ])('are accepted: %j %s', (fields, filename) => expect(refusalOf(() => claim(fields, filename))).toBe('accepted'))

  it('obey the switches', () => {
    const local = () => claim({ version: '1.0+build7' }, 'app-1.0+build7-py3-none-any.whl', strict)
    expect(refusalOf(local)).toBe('policy-local-version')
    expect(refusalOf(() => claim({}, 'app-1.0-cp311-cp311-linux_x86_64.whl', strict))).toBe('policy-platform-local')
    expect(refusalOf(() => claim({}, wheel, strict))).toBe('accepted')
  })

  it('are refused before the file has come, where the fields came first', () => {
    const early = (fields: [string, string[]][], filename?: string) => () => claimEarly(new Map(fields), filename, open)
    expect(refusalOf(early([], undefined))).toBe('filename-missing')
    expect(refusalOf(early([], wheel))).toBe('accepted')
    const fields: [string, string[]][] = [
      [':action', ['file_upload']],
      ['name', ['app']],
      ['version', ['1.0']],
      ['filetype', ['bdist_egg']],
      ['pyversion', ['py3']],
      ['md5_digest', ['ab'.repeat(16)]],
    ]
    expect(refusalOf(early(fields, wheel))).toBe('form-filetype-unknown')
    for (const missing of fields) {
      expect(
        refusalOf(
          early(
            fields.filter((field) => field !== missing),
            wheel,
          ),
        ),
      ).toBe('accepted')
    }
  })

  it('never fail in any other way, whatever they are', () => {
    const part = fc.constantFrom('app', '-', '.', '_', '1.0', '+', 'py3', 'none', 'any', '.whl', '.tar.gz', '.zip', '0')
    const filename = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(filename, fc.string(), fc.string(), (text, name, version) => {
        for (const fields of [{}, { name }, { version }]) {
          expect(refusalOf(() => claim(fields, text))).not.toBeInstanceOf(Error)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('platform tags', () => {
  it.each([
    [
      'portable',
      'any win32 win_amd64 manylinux1_x86_64 manylinux2014_aarch64 manylinux_2_28_x86_64 musllinux_1_2_armv7l',
    ],
    ['portable', 'macosx_10_9_universal2 macosx_11_0_arm64 ios_13_0_arm64_iphoneos android_21_x86_64 linux_armv7l'],
    ['portable', 'pyemscripten_2025_0_wasm32 pyodide_2024_0_wasm32'],
    ['local', 'linux_x86_64 linux_aarch64 freebsd_13_2_release_amd64 mingw_x86_64 aix_7302_2112_64'],
    ['unknown', 'amiga manylinux linux win_amiga macosx any_x86 manylinux_x86_64'],
  ])('%s: %s', (kind, tags) => {
    expect(tags.split(' ').filter((tag) => kindOfPlatformTag(tag) !== kind)).toEqual([])
  })
})

describe('the catalogues of refusals', () => {
  it('have ids that stay, each once, with what they mean and how to mend it', () => {
    const all = [formRefusals, metadataRefusals].flatMap((catalogue) => Object.entries(catalogue))
    expect(new Set(all.map(([id]) => id)).size).toBe(all.length)
    for (const [id, { means, fix }] of all) {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/)
      expect([means, fix].filter((text) => !/^[A-Z].*[.:"]$/.test(text))).toEqual([])
    }
  })
})
