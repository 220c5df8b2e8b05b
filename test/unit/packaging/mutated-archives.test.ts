import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inspectedBytes } from '../../support/inspected-bytes.ts'
import { mutatedArchives } from '../../support/mutated-archives.ts'

describe('archives with faults of any kind', () => {
  it('are accepted or refused with a sentence, and never throw or hang', async () => {
    await fc.assert(
      fc.asyncProperty(mutatedArchives(), async ({ filename, bytes }) => {
        const inspected = await inspectedBytes(bytes, filename)
        if (!inspected.ok) expect(inspected.problem).toMatch(/^[^\p{Cc}]{20,600}$/u)
      }),
      { numRuns: 3000 },
    )
  })

  it('are refused when they are any bytes at all', async () => {
    const filename = fc.constantFrom('app-1.0-py3-none-any.whl', 'app-1.0.zip', 'app-1.0.tar.gz')
    await fc.assert(
      fc.asyncProperty(filename, fc.uint8Array({ maxLength: 300 }), async (name, bytes) => {
        expect(await inspectedBytes(bytes, name)).toMatchObject({ ok: false })
      }),
      { numRuns: 500 },
    )
  })
})
