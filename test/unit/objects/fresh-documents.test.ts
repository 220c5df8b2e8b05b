import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { documentsOn } from '../../../src/objects/documents.ts'
import { freshDocuments } from '../../../src/objects/fresh-documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'

const note = { name: 'note', format: 1, schema: z.string() }
const key = 'notes/one.json'

function opened(maxAge: number) {
  const store = new MemoryStore()
  const documents = documentsOn(store)
  const clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined }
  const read: string[] = []
  const counted = {
    ...documents,
    read: async <T>(...[type, name]: Parameters<typeof documents.read<T>>) => {
      read.push('whole')
      return await documents.read(type, name)
    },
  }
  return { documents, fresh: freshDocuments(counted, clock, { maxBytes: 1000, maxAge }), read }
}

describe('documents from the cache', () => {
  it('shows what was put there without reading it back, and what others wrote on top of it', async () => {
    const { documents, fresh, read } = opened(0)
    const first = await documents.create(note, key, 'first')
    fresh.put(note, key, first)
    expect((await fresh.get(note, key))?.value).toBe('first')
    expect(read).toEqual([])
    await documents.replace(note, key, 'second', first)
    expect((await fresh.get(note, key))?.value).toBe('second')
  })

  it('never puts an older one over a newer one', async () => {
    const { documents, fresh } = opened(60_000)
    const first = await documents.create(note, key, 'first')
    const second = await documents.replace(note, key, 'second', first)
    if (second === 'conflict') throw new Error('conflict')
    await fresh.get(note, key)
    fresh.put(note, key, first)
    expect((await fresh.get(note, key))?.value).toBe('second')
  })

  it('asks for the newest one although an older one would do for a page', async () => {
    const { documents, fresh } = opened(60_000)
    const first = await documents.create(note, key, 'first')
    await fresh.get(note, key)
    await documents.replace(note, key, 'second', first)
    expect((await fresh.get(note, key))?.value).toBe('first')
    expect((await fresh.newest(note, key))?.value).toBe('second')
  })
})
