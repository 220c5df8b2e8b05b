import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspectArchive } from '../../src/registry/inspection.ts'
import { buildWays } from '../support/built-projects.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('what real build back ends make', () => {
  it.each(Object.entries(buildWays))('is accepted from %s', async (_name, build) => {
    await using folder = await temporaryFolder('built')
    const archives = await build(folder.path)
    const inspected = await Promise.all(archives.map((path) => inspectArchive(path, basename(path))))
    expect(inspected.map((one) => (one.ok ? one.metadata.version : one.problem))).toEqual(archives.map(() => '1.4.2'))
    expect(archives.some((path) => path.endsWith('.whl'))).toBe(true)
  })
})
