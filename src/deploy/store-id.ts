import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'

export const storeIdDocument: DocumentType<{ readonly id: string }> = {
  name: 'store id',
  format: 1,
  schema: z.object({ id: z.string().regex(/^[0-9a-f]{8}$/) }),
}

/** Names this store and no other: made once, by whoever comes first. Nodes outlive stores, and tell by it whom they knew. */
export async function storeIdIn(documents: Documents): Promise<string> {
  const wanted = { id: randomUUID().slice(0, 8) }
  return (await documents.create(storeIdDocument, keys.storeId, wanted)).value.id
}
