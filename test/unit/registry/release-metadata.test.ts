import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { legacyDocument } from '../../../src/registry/legacy-document.ts'
import { legacyInfo } from '../../../src/registry/legacy-info.ts'
import { releaseMetadata } from '../../../src/registry/release-metadata.ts'
import { registryOn } from '../../support/registry.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { anSdist, aWheel } from '../../support/wheels.ts'

const metadata = {
  Summary: 'Forms, from the archive',
  'Author-email': 'A <a@example.com>',
  'Home-page': 'https://example.com',
  'Project-URL': ['Homepage, https://example.com/home', 'Source, https://example.com/source'],
  Classifier: ['Private :: Do Not Upload'],
  Keywords: 'a,b',
}
const pages = { projectPage: 'https://pypi/p/', releasePage: 'https://pypi/p/1.0/', yankedReason: undefined }

async function published(...archives: ReturnType<typeof aWheel>[]) {
  await using folder = await temporaryFolder('upload')
  const store = new MemoryStore()
  const registry = registryOn(store)
  const form = { name: 'acme.forms', version: '1.0', summary: 'Forms, from the form', metadata_version: '2.3' }
  const outcomes = []
  for (const archive of archives) outcomes.push(await registry.publish(archive, folder.path, form))
  return { store, outcomes, files: (await registry.projects.get('acme-forms')).files }
}

describe('what a release says of itself', () => {
  const wheel = aWheel({ name: 'Acme.Forms', version: '1.0', requires: ['x>1'], requiresPython: '>=3.8', metadata })
  const sdist = anSdist({ name: 'Acme.Forms', version: '1.0', metadata: { ...metadata, Summary: 'Forms, as source' } })

  it('is read from the wheel, whatever came first', async () => {
    const { store, files } = await published(sdist, wheel)
    expect((await releaseMetadata(store, 'acme-forms', files))?.metadata.summary).toBe('Forms, from the archive')
    const kept = await releaseMetadata(store, 'acme-forms', files.slice(0, 1))
    expect([kept?.metadata.summary, kept?.description]).toEqual(['Forms, as source', '# Acme.Forms\n'])
    expect(await releaseMetadata(new MemoryStore(), 'acme-forms', files)).toBeUndefined()
    expect(await releaseMetadata(store, 'acme-forms', [])).toBeUndefined()
  })

  it('tells the audit what the form said otherwise', async () => {
    const { outcomes } = await published(wheel)
    expect(outcomes[0]?.differences).toEqual([
      { field: 'metadata_version', form: '2.3', archive: '2.1' },
      { field: 'summary', form: 'Forms, from the form', archive: 'Forms, from the archive' },
    ])
  })

  it('is the info of PyPI’s JSON, by the archive', async () => {
    const { store, files } = await published(wheel)
    const read = await releaseMetadata(store, 'acme-forms', files)
    if (read === undefined) throw new Error('nothing was kept')
    expect(legacyInfo({ ...read, ...pages, version: '1.0' })).toEqual({
      author: null,
      author_email: 'A <a@example.com>',
      bugtrack_url: null,
      classifiers: ['Private :: Do Not Upload'],
      description: '# Acme.Forms\n',
      description_content_type: 'text/markdown',
      docs_url: null,
      download_url: null,
      downloads: { last_day: -1, last_month: -1, last_week: -1 },
      dynamic: null,
      home_page: 'https://example.com',
      keywords: 'a,b',
      license: null,
      license_expression: null,
      license_files: null,
      maintainer: null,
      maintainer_email: null,
      name: 'Acme.Forms',
      package_url: 'https://pypi/p/',
      platform: null,
      project_url: 'https://pypi/p/',
      project_urls: { Homepage: 'https://example.com/home', Source: 'https://example.com/source' },
      provides_extra: null,
      release_url: 'https://pypi/p/1.0/',
      requires_dist: ['x>1'],
      requires_python: '>=3.8',
      summary: 'Forms, from the archive',
      version: '1.0',
      yanked: false,
      yanked_reason: null,
    })
    expect(legacyInfo({ ...read, ...pages, version: '1.0', yankedReason: 'broken' })).toMatchObject({
      yanked: true,
      yanked_reason: 'broken',
    })
  })

  it('is the whole of PyPI’s JSON, with its files and those of other releases', async () => {
    const { files } = await published(sdist, wheel)
    const placed = files.map((record) => ({
      record,
      url: `https://pypi/files/${record.filename}`,
      yankedReason: undefined,
    }))
    const document = legacyDocument({ name: 'Acme.Forms' }, placed, 7, new Map([['1.0', placed]]))
    expect(Object.keys(document)).toEqual(['info', 'last_serial', 'releases', 'urls', 'vulnerabilities'])
    expect(document.releases?.['1.0']).toEqual(document.urls)
    expect(document.urls).toEqual([
      expect.objectContaining({ packagetype: 'sdist', python_version: 'source', requires_python: null }),
      {
        comment_text: null,
        digests: { sha256: wheel.sha256 },
        downloads: -1,
        filename: 'acme_forms-1.0-py3-none-any.whl',
        has_sig: false,
        packagetype: 'bdist_wheel',
        python_version: 'py3',
        requires_python: '>=3.8',
        size: wheel.bytes.length,
        upload_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        upload_time_iso_8601: files[1]?.uploadedAt,
        url: 'https://pypi/files/acme_forms-1.0-py3-none-any.whl',
        yanked: false,
        yanked_reason: null,
      },
    ])
    expect(legacyDocument({}, placed, 7)).not.toHaveProperty('releases')
  })
})
