import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../../src/objects/object-store.ts'
import { copyStore } from '../../../src/upkeep/copy.ts'
import { faultyStore } from '../../support/faulty-store.ts'
import { appWheel, checked, keyOf, storeWithApp } from '../../support/store-with-app.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function copy(source: ObjectStore, target: ObjectStore, from = 'here') {
  await using scratch = await temporaryFolder('scratch')
  return await copyStore({ source, target, from, scratch: scratch.path, progress: () => undefined })
}

async function contentOf(store: ObjectStore) {
  const content: Record<string, string> = {}
  for await (const { key } of store.list('')) {
    const found = await store.read(key)
    if (typeof found === 'object') content[key] = found.body.toString('base64')
  }
  return content
}

describe('a copy', () => {
  it('has every object of its source, byte for byte, and no mark of being under way', async () => {
    const { store } = await storeWithApp(3)
    const target = new MemoryStore()
    const counts = await copy(store, target)
    expect(await contentOf(target)).toEqual(await contentOf(store))
    expect(counts.objects).toBe(counts.copied)
    expect((await checked(target)).findings).toEqual([])
  })

  it('that is cut off at any call is marked, has no document without its bytes, and is finished by the next run', async () => {
    const { store } = await storeWithApp(2)
    const whole = await contentOf(store)
    const counting = faultyStore(new MemoryStore(), () => 'fine')
    await copy(store, counting)
    for (let n = 1; n <= counting.calls(); n++) {
      const target = new MemoryStore()
      const dying = faultyStore(target, (call) => (call > n ? 'unreached' : call === n ? 'answer-lost' : 'fine'))
      const finished = await copy(store, dying).then(
        () => true,
        () => false,
      )
      const content = await contentOf(target)
      const begun = Object.keys(content).length > 0
      if (!finished && begun) expect(content['upkeep/copy.json'] !== undefined || n === counting.calls()).toBe(true)
      if (content['projects/app.json'] !== undefined) {
        expect(Object.keys(content).filter((key) => key.startsWith('files/'))).toHaveLength(4)
      }
      if (!begun || content['upkeep/copy.json'] !== undefined) await copy(store, target)
      expect(await contentOf(target)).toEqual(whole)
    }
  })

  it('drops what the source has no more when it goes on', async () => {
    const { store } = await storeWithApp(1)
    const target = new MemoryStore()
    await store.write('tokens/old.json', Buffer.from('{}'), 'absent')
    const dying = faultyStore(target, (_call, verb) => (verb === 'delete' ? 'unreached' : 'fine'))
    await expect(copy(store, dying)).rejects.toThrow()
    await store.delete('tokens/old.json')
    await copy(store, target)
    expect(await contentOf(target)).toEqual(await contentOf(store))
  })

  it('is refused into a store that holds anything else, and out of one that is written to or empty', async () => {
    const { store } = await storeWithApp(1)
    const taken = (await storeWithApp(1)).store
    const before = await contentOf(taken)
    await expect(copy(store, taken)).rejects.toThrow(/^The target holds something already \(«audit\//)
    expect(await contentOf(taken)).toEqual(before)
    const target = new MemoryStore()
    const busy = faultyStore(store, () => 'fine')
    let reads = 0
    const written: ObjectStore = {
      ...busy,
      read: async (key) => {
        if (reads++ === 0) await store.write('tokens/new.json', Buffer.from('{}'), 'absent')
        return await store.read(key)
      },
    }
    await expect(copy(written, target)).rejects.toThrow(
      /^Somebody writes to the source \(«tokens\/new\.json» changed during the copy\).*Stop all servers and workers/,
    )
    expect(await target.head('upkeep/copy.json')).toBeDefined()
    await expect(copy(taken, target, 'elsewhere')).rejects.toThrow('The target is an unfinished copy of here')
    await copy(store, target)
    await expect(copy(new MemoryStore(), new MemoryStore())).rejects.toThrow('There is nothing in here.')
  })

  it('takes no bytes that are not what their key says', async () => {
    const { store, overwrite } = await storeWithApp(1)
    await overwrite(keyOf(appWheel(0)), 'other bytes')
    const target = new MemoryStore()
    await expect(copy(store, target)).rejects.toThrow(
      /does not have the bytes that were accepted. See «wheelhouse fsck»/,
    )
    expect(await target.head('projects/app.json')).toBeUndefined()
  })
})
