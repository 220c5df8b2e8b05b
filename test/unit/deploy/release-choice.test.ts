import { describe, expect, it } from 'vitest'
import { releaseFor } from '../../../src/deploy/upload-trigger.ts'
import type { ListedFile } from '../../../src/registry/amendments.ts'

const start = Date.parse('2026-11-26T03:00:00Z')
const subscription = { prereleases: false, settle_seconds: 30 }

/** A project one release of which was uploaded at each of these seconds, and what of it is deployed at another. */
function chosen(uploads: readonly number[], second: number): string | undefined {
  const releases = uploads.map((at, minor): [string, ListedFile[]] => {
    const uploadedAt = new Date(start + at * 1000).toISOString()
    return [`1.${minor}`, [{ filetype: 'bdist_wheel', uploadedAt, uploadedBy: 'ci' } as ListedFile]]
  })
  const project = { head: { status: 'active' }, releases: new Map(releases) } as unknown as Parameters<
    typeof releaseFor
  >[1]
  return releaseFor(subscription, project, { floor: undefined, seen: [] }, start + second * 1000)?.version
}

describe('a service that follows uploads', () => {
  it('is given one of twenty releases that come within a minute: the newest, once nothing was added to it for a while', () => {
    const uploads = Array.from({ length: 20 }, (_, n) => n * 3)
    for (let second = 0; second < 57 + 30; second++) {
      const there = uploads.filter((at) => at <= second)
      expect(chosen(there, second), `at ${second} s`).toBeUndefined()
    }
    expect(chosen(uploads, 57 + 30)).toBe('1.19')
  })

  it('is given one all the same where another comes every few seconds, for ever', () => {
    const uploads = Array.from({ length: 200 }, (_, n) => n * 3)
    expect(chosen(uploads, 599)).toBe('1.99')
  })

  it('does not wait for hours for a file that was uploaded while the clock was a day ahead', () => {
    expect(chosen([86_400], 0)).toBe('1.0')
    expect(chosen([60], 0)).toBeUndefined()
  })
})
