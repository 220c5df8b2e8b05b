import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { availableCodings } from '../../../src/registry/compression.ts'
import { FinishedPages, finishedPage } from '../../../src/registry/finished-pages.ts'

const text = 'a page that compresses well '.repeat(100)

describe('finished pages', () => {
  it('are rendered and compressed once for each version, however many ask at once', async () => {
    let rendered = 0
    const pages = new FinishedPages(1_000_000)
    const get = (version: string) =>
      pages.get('app json', version, () => {
        rendered++
        return text
      })
    const asked = await Promise.all(Array.from({ length: 20 }, async () => (await get('1')).body('gzip')))
    const bodies = await Promise.all(asked)
    expect(rendered).toBe(1)
    expect(new Set(bodies).size).toBe(1)
    expect((await get('1')).body('gzip')).toBe(bodies[0])
    await get('2')
    expect(rendered).toBe(2)
  })

  it('have one strong tag for each coding, and the same text in all of them', async () => {
    const page = await finishedPage(() => text)
    const tags = [undefined, ...availableCodings()].map((coding) => page.etag(coding))
    expect(new Set(tags).size).toBe(tags.length)
    expect(tags.every((tag) => /^"[\w-]+"$/.test(tag))).toBe(true)
    expect(String(page.body(undefined))).toBe(text)
    expect(String(gunzipSync(await page.body('gzip')))).toBe(text)
    expect(String(brotliDecompressSync(await page.body('br')))).toBe(text)
  })

  it('say that compressing a few bytes does not pay', async () => {
    expect([(await finishedPage(() => 'short')).compressible, (await finishedPage(() => text)).compressible]).toEqual([
      false,
      true,
    ])
  })

  it('keep as many as fit, in all codings, and the newest of them', async () => {
    const hits: boolean[] = []
    const pages = new FinishedPages(text.length * 2 + 500, (hit) => hits.push(hit))
    const get = (name: string) => pages.get(name, '1', () => text)
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await (await get(name)).body('gzip')
    expect(hits).toEqual([false, false, true, false, true, false])
  })

  it('forget a page that could not be made', async () => {
    const pages = new FinishedPages(1_000)
    const failing = pages.get('a', '1', () => Promise.reject(new Error('the store is away')))
    await expect(failing).rejects.toThrow('the store is away')
    expect(String((await pages.get('a', '1', () => 'here')).body(undefined))).toBe('here')
  })
})
