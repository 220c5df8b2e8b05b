import { describe, expect, it } from 'vitest'
import { inspectedBytes } from '../../support/inspected-bytes.ts'
import { soundArchives } from '../../support/sound-archives.ts'

describe('unusual but sound archives', () => {
  it.each(soundArchives)('$filename with $what is accepted', async ({ filename, bytes }) => {
    const inspected = await inspectedBytes(bytes(), filename)
    expect(inspected.ok ? inspected.metadata.version : inspected.problem).toBe('1.0')
  })
})
