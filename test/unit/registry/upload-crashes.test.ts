import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../../src/objects/object-store.ts'
import { type Fate, faultyStore } from '../../support/faulty-store.ts'
import { registryOn } from '../../support/registry.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { aWheel } from '../../support/wheels.ts'

const wheel = aWheel({ name: 'app', version: '1.0' })
const fields = { name: 'app', version: '1.0' }

/** How many calls to the store one upload makes when nothing goes wrong. */
async function callsOfOneUpload(): Promise<number> {
  await using folder = await temporaryFolder('spool')
  const store = faultyStore(new MemoryStore(), () => 'fine')
  await registryOn(store).publish(wheel, folder.path, fields)
  return store.calls()
}

/** What a reader sees after a restart: bytes of all files that the page lists, read through fresh caches. */
async function visible(store: ObjectStore): Promise<string[]> {
  const project = await registryOn(store).projects.find('app')
  const files = project?.files ?? []
  for (const file of files) {
    const stored = await store.head(`files/app/${file.sha256}/${file.filename}`)
    expect(stored?.size).toBe(file.size)
    expect(await store.head(`files/app/${file.sha256}/${file.filename}.metadata`)).toBeDefined()
  }
  return files.map((file) => file.filename)
}

describe('an upload that is cut off at any of its calls to the store', () => {
  const deaths: readonly [string, (n: number) => Fate][] = [
    ['the process dies before the call', (n) => (call) => (call >= n ? 'unreached' : 'fine')],
    [
      'the process dies after the call',
      (n) => (call) => (call > n ? 'unreached' : call === n ? 'answer-lost' : 'fine'),
    ],
  ]

  it.each(deaths)('leaves nothing half-written, and can be repeated, when %s', async (_name, fateOf) => {
    const calls = await callsOfOneUpload()
    expect(calls).toBeGreaterThan(5)
    for (let n = 1; n <= calls; n++) {
      await using folder = await temporaryFolder('spool')
      const store = new MemoryStore()
      const dying = registryOn(faultyStore(store, fateOf(n)))
      const acknowledged = await dying.publish(wheel, folder.path, fields).then(
        () => true,
        () => false,
      )
      const seen = await visible(store)
      if (acknowledged) expect(seen).toEqual([wheel.filename])
      await registryOn(store).publish(wheel, folder.path, fields)
      expect(await visible(store)).toEqual([wheel.filename])
    }
  })

  it('goes through where a single answer is lost and the store is there again', async () => {
    const calls = await callsOfOneUpload()
    for (let n = 1; n <= calls; n++) {
      await using folder = await temporaryFolder('spool')
      const store = new MemoryStore()
      const registry = registryOn(faultyStore(store, (call) => (call === n ? 'answer-lost' : 'fine')))
      await registry.publish(wheel, folder.path, fields).catch(() => registry.publish(wheel, folder.path, fields))
      expect(await visible(store)).toEqual([wheel.filename])
    }
  })

  it('that fails is told only once nothing reads its file any more: whoever is told removes it', async () => {
    await using folder = await temporaryFolder('spool')
    const failing = faultyStore(new MemoryStore(), (_call, _verb, key) =>
      key.endsWith('.metadata') ? 'unreached' : 'fine',
    )
    let reading = 0
    const slow: ObjectStore = {
      ...failing,
      writeFile: async (key, path, sha256) => {
        reading++
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        return await failing.writeFile(key, path, sha256).finally(() => reading--)
      },
    }
    await expect(registryOn(slow).publish(wheel, folder.path, fields)).rejects.toThrow(/The store is away/)
    expect(reading).toBe(0)
  })

  it('shows in no listing of files before its commit', async () => {
    await using folder = await temporaryFolder('spool')
    const store = new MemoryStore()
    const seen: string[][] = []
    const watched = faultyStore(store, () => 'fine')
    const spy: ObjectStore = {
      ...watched,
      write: async (key, body, condition) => {
        if (key.startsWith('projects/')) seen.push(await visible(store))
        return await watched.write(key, body, condition)
      },
    }
    await registryOn(spy).publish(wheel, folder.path, fields)
    expect(seen).toEqual([[]])
  })
})
