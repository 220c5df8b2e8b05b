import { expect, it } from 'vitest'
import { storeIdIn } from '../../../src/deploy/store-id.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'

it('names a store once, however many ask at once, and no other so', async () => {
  const documents = documentsOn(new MemoryStore())
  const ids = await Promise.all([1, 2, 3].map(() => storeIdIn(documents)))
  expect(new Set([...ids, await storeIdIn(documents)]).size).toBe(1)
  expect(await storeIdIn(documentsOn(new MemoryStore()))).not.toBe(ids[0])
})
