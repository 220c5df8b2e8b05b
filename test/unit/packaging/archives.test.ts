import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseSdistFilename, parseWheelFilename } from '../../../src/packaging/filenames.ts'
import { tarReader } from '../../../src/packaging/tar/reader.ts'
import { inspectedBytes } from '../../support/inspected-bytes.ts'
import { anSdist, aWheel } from '../../support/wheels.ts'

describe('filenames', () => {
  it('reads all parts of a wheel', () => {
    expect(parseWheelFilename('Acme_Forms-1.4.2+b7-2-cp311.cp312-abi3-manylinux_2_28_x86_64.whl')).toMatchObject({
      ok: true,
      project: 'acme-forms',
      version: { canonical: '1.4.2+b7' },
      build: '2',
      tags: { python: ['cp311', 'cp312'], abi: ['abi3'], platform: ['manylinux_2_28_x86_64'] },
    })
  })

  it.each([
    ['app-1.0.whl', 'name-version-python-abi-platform.whl'],
    ['app-x-py3-none-any.whl', '"x" is no PEP 440 version'],
    ['app-1.0-b2-py3-none-any.whl', 'the build tag "b2" does not begin with a digit'],
    ['app-1.0-py3-none-any.zip', 'a wheel ends in ".whl"'],
    ['app-1.0-py3..py2-none-any.whl', 'a tag is empty'],
  ])('says what is wrong with %s', (filename, why) => {
    expect(parseWheelFilename(filename)).toEqual({ ok: false, problem: expect.stringContaining(why) })
  })

  it.each([
    ['acme_forms-1.0.tar.gz', 'acme-forms', '1.0'],
    ['acme-forms-1.0.tar.gz', 'acme-forms', '1.0'],
    ['acme-forms-1.0-2.zip', 'acme-forms', '1.0.post2'],
    ['acme-2-1.0.tar.gz', 'acme-2', '1.0'],
  ])('finds where the name ends in %s', (filename, project, version) => {
    expect(parseSdistFilename(filename, project)).toMatchObject({ ok: true, project, version: { canonical: version } })
  })
})

describe('wheels', () => {
  const wheel = aWheel({ name: 'Acme.Forms', version: '1.0', requires: ['x>1'], requiresPython: '>=3.8' })

  it('gives the METADATA as it is in the archive', async () => {
    const content = await inspectedBytes(wheel.bytes, wheel.filename)
    if (!content.ok) throw new Error(content.problem)
    expect(content.metadata).toMatchObject({
      name: 'Acme.Forms',
      version: '1.0',
      requiresPython: '>=3.8',
      requiresDist: ['x>1'],
    })
    expect(Buffer.from(content.metadata.bytes).toString()).toContain('Name: Acme.Forms')
  })

  it('is refused with a sentence that names the file, what is wrong, what to do, and the id of the reason', async () => {
    expect(await inspectedBytes(wheel.bytes, 'acme_forms-2.0-py3-none-any.whl')).toEqual({
      ok: false,
      code: 'wheel-dist-info-differs',
      problem:
        'acme_forms-2.0-py3-none-any.whl is no valid wheel: its folder "acme_forms-1.0.dist-info" is not that of its filename. Do not rename wheels. Build it again with a current tool and upload what it made. [wheel-dist-info-differs]',
    })
  })
})

describe('source archives', () => {
  const sdist = anSdist({ name: 'app', version: '1.0' })

  it('give their PKG-INFO', async () => {
    const content = await inspectedBytes(sdist.bytes, sdist.filename)
    expect(content).toMatchObject({ ok: true, metadata: { name: 'app', version: '1.0' } })
  })

  it.each([1, 100, 512, 100_000])('are read the same in pieces of %i bytes', (size) => {
    const tar = gunzipSync(sdist.bytes)
    const seen: string[] = []
    const reader = tarReader(({ name }) => {
      seen.push(name)
      return undefined
    })
    for (let at = 0; at < tar.length; at += size) reader.push(tar.subarray(at, at + size))
    reader.finish()
    expect(seen).toEqual(['app-1.0/PKG-INFO', 'app-1.0/pyproject.toml', 'app-1.0/src/app/__init__.py'])
  })
})
