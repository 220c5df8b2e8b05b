import { describe, expect, it } from 'vitest'
import { archiveCatalogues } from '../../../src/registry/refusal-catalogues.ts'
import { inspectedBytes } from '../../support/inspected-bytes.ts'
import { malformedCases } from '../../support/malformed/malformed-cases.ts'

describe('malformed archives', () => {
  it('are more than 800, no two alike', () => {
    const faults = malformedCases.map(({ filename, fault }) => `${filename}: ${fault}`)
    expect(faults.filter((fault, index) => faults.indexOf(fault) !== index)).toEqual([])
    expect(malformedCases.length).toBeGreaterThan(800)
  })

  it('show every reason that the catalogues of archives have', () => {
    const archiveReason = /^(?:archive|entry-points|gzip|member|record|sdist|tar|wheel|zip)-/
    const reasons = Object.values(archiveCatalogues)
      .flatMap(Object.keys)
      .filter((code) => archiveReason.test(code))
    const shown = new Set(malformedCases.map(({ code }) => code))
    expect(reasons.filter((code) => !shown.has(code))).toEqual([])
  })

  it.each(malformedCases)('$filename with $fault: $code', async ({ filename, code, bytes }) => {
    const inspected = await inspectedBytes(bytes(), filename)
    expect(inspected.ok ? 'accepted' : (inspected.code ?? inspected.problem)).toBe(code)
    expect(inspected).toMatchObject({ problem: /^[\x20-\x7e]{1,500}$/ })
  })
})
