import { describe, expect, it } from 'vitest'
import { DiskStore } from '../../../src/objects/disk-store.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('the disk store after a restart', () => {
  it('knows what an earlier process wrote, and never takes the old for the new while it is written', async () => {
    await using folder = await temporaryFolder('store')
    const before = await DiskStore.open(folder.path)
    const written = await before.write('projects/app.json', Buffer.from('0'), 'absent')
    let version = written.ok ? written.version : ''
    const store = await DiskStore.open(folder.path)
    for (let n = 1; n <= 30; n++) {
      const old = version
      const reads = [1, 2, 3].map(() => store.read('projects/app.json', old))
      const result = await store.write('projects/app.json', Buffer.from(String(n)), { version: old })
      if (!result.ok) throw new Error('refused')
      version = result.version
      await Promise.all(reads)
      const after = await store.read('projects/app.json', old)
      expect(typeof after === 'object' && String(after.body)).toBe(String(n))
      expect(await store.read('projects/app.json', version)).toBe('unchanged')
    }
    const reading = store.read('projects/app.json', 'another')
    await store.delete('projects/app.json')
    await reading
    expect(await store.read('projects/app.json', version)).toBeUndefined()
  })
})
