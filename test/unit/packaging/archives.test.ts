import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSdistFilename, parseWheelFilename } from '../../../src/packaging/filenames.ts'
import type { RandomAccess } from '../../../src/packaging/random-access.ts'
import { inspectTarSdist } from '../../../src/packaging/sdist.ts'
import { inspectWheel } from '../../../src/packaging/wheel.ts'
import { readZipDirectory, readZipEntry } from '../../../src/packaging/zip.ts'
import { anSdist, aWheel } from '../../support/wheels.ts'

function access(bytes: Uint8Array): RandomAccess {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

function inspect(bytes: Uint8Array, filename: string) {
  const named = parseWheelFilename(filename)
  if (!named.ok) throw new Error(named.problem)
  return inspectWheel(access(bytes), named, filename)
}

async function* chunksOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

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

  it('gives the METADATA as it is in the archive', () => {
    const content = inspect(wheel.bytes, wheel.filename)
    if (!content.ok) throw new Error(content.problem)
    expect(content.metadata).toMatchObject({
      name: 'Acme.Forms',
      version: '1.0',
      requiresPython: '>=3.8',
      requiresDist: ['x>1'],
    })
    expect(Buffer.from(content.metadataBytes).toString()).toContain('Name: Acme.Forms')
  })

  it('is refused when its folder is that of another release', () => {
    expect(inspect(wheel.bytes, 'acme_forms-2.0-py3-none-any.whl')).toEqual({
      ok: false,
      problem: expect.stringContaining('is not that of its filename'),
    })
  })

  it('is refused when it is cut off anywhere, with a sentence', () => {
    for (let length = 0; length < wheel.bytes.length; length += 7) {
      expect(inspect(wheel.bytes.subarray(0, length), wheel.filename)).toMatchObject({
        ok: false,
        problem: /is no valid wheel/,
      })
    }
  })

  it('never throws, and never changes its METADATA unseen, whatever bytes are damaged', () => {
    const sound = inspect(wheel.bytes, wheel.filename)
    fc.assert(
      fc.property(fc.nat(wheel.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Uint8Array.from(wheel.bytes)
        damaged[at] = (damaged[at] ?? 0) ^ mask
        const content = inspect(damaged, wheel.filename)
        if (content.ok && sound.ok) expect(Buffer.from(content.metadataBytes).equals(sound.metadataBytes)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('reads no random bytes as ZIP, and throws at none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const directory = readZipDirectory(access(bytes))
        if (directory.ok) for (const entry of directory.entries) readZipEntry(access(bytes), entry, 1000)
      }),
    )
  })

  it('does not inflate more than a member says it has', () => {
    const bomb = aWheel({ name: 'bomb', version: '1.0', files: { 'zeros.txt': '0'.repeat(5_000_000) } })
    const directory = readZipDirectory(access(bomb.bytes))
    const zeros = directory.ok ? directory.entries.find((entry) => entry.name === 'zeros.txt') : undefined
    if (zeros === undefined) throw new Error('the member is gone')
    expect(readZipEntry(access(bomb.bytes), { ...zeros, size: 1000 }, 10_000)).toMatchObject({ ok: false })
    expect(readZipEntry(access(bomb.bytes), zeros, 10_000)).toMatchObject({
      ok: false,
      problem: /larger than 10000 bytes/,
    })
  })
})

describe('source archives', () => {
  const sdist = anSdist({ name: 'app', version: '1.0' })
  const tar = gunzipSync(sdist.bytes)

  it.each([1, 100, 512, 100_000])('give their PKG-INFO, in chunks of %i bytes', async (size) => {
    expect(await inspectTarSdist(chunksOf(tar, size), sdist.filename)).toMatchObject({
      ok: true,
      metadata: { name: 'app', version: '1.0' },
    })
  })

  it('are refused with a sentence when they are damaged', async () => {
    const damaged = Uint8Array.from(tar)
    damaged[10] = 65
    expect(await inspectTarSdist(chunksOf(damaged, 512), sdist.filename)).toMatchObject({
      ok: false,
      problem: /cut off or damaged/,
    })
    expect(await inspectTarSdist(chunksOf(tar.subarray(0, 600), 512), sdist.filename)).toMatchObject({ ok: false })
  })
})
