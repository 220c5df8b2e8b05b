import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { smallObjectBytes, smallObjectsIn } from '../../../src/objects/small-objects.ts'
import { faultyStore } from '../../support/faulty-store.ts'

async function storeWith(sizes: Readonly<Record<string, number>>) {
  const inner = new MemoryStore()
  for (const [key, size] of Object.entries(sizes)) await inner.write(key, Buffer.alloc(size), 'absent')
  return faultyStore(inner, () => 'fine')
}

describe('small objects', () => {
  it('are read from the store once, by all who ask at once and later', async () => {
    const store = await storeWith({ 'files/a': 10 })
    const small = smallObjectsIn(store, 1_000)
    await Promise.all([small.read('files/a'), small.read('files/a')])
    expect((await small.read('files/a'))?.length).toBe(10)
    expect(store.calls()).toBe(1)
  })

  it('give way to newer ones where they do not all fit; large ones are never kept', async () => {
    const store = await storeWith({ 'files/a': 600, 'files/b': 600, 'files/big': smallObjectBytes + 1 })
    const small = smallObjectsIn(store, 1_000)
    for (const key of ['files/a', 'files/b', 'files/b', 'files/a', 'files/big', 'files/big']) await small.read(key)
    expect(store.calls()).toBe(5)
  })

  it('that are not there are asked for again', async () => {
    const store = await storeWith({})
    const small = smallObjectsIn(store, 1_000)
    expect([await small.read('files/a'), await small.read('files/a')]).toEqual([undefined, undefined])
    expect(store.calls()).toBe(2)
  })
})
