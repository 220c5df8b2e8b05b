import { z } from 'zod'
import type { Documents, DocumentType } from './documents.ts'
import { keys } from './keys.ts'

/**
 * Stands for all documents of a store: raised with each format of any of them, so that an older Wheelhouse refuses to start
 * at once, and not at the first document that it cannot read. Those that run already go on, as far as they can read.
 */
export const storeDocument: DocumentType<Readonly<Record<string, never>>> = {
  name: 'store',
  format: 8,
  schema: z.record(z.string(), z.never()),
}

/** Rejects with `document-too-new` where a newer Wheelhouse has started on the store. */
export async function refuseNewerStore(documents: Documents): Promise<void> {
  await documents.read(storeDocument, keys.storeFormat)
}

/** For a server that starts: from now on older ones refuse. */
export async function raiseStoreFormat(documents: Documents): Promise<void> {
  const stored = await documents.store.read(keys.storeFormat)
  const known = await documents.read(storeDocument, keys.storeFormat)
  if (typeof stored === 'object' && known !== undefined && formatIn(stored.body) === storeDocument.format) return
  // Written as it was: only the envelope says more. Whoever loses against a server that starts too has been helped.
  if (known === undefined) await documents.create(storeDocument, keys.storeFormat, {})
  else await documents.replace(storeDocument, keys.storeFormat, known.value, known)
}

function formatIn(body: Buffer): unknown {
  const document: unknown = JSON.parse(body.toString('utf8'))
  return typeof document === 'object' && document !== null && 'format' in document ? document.format : undefined
}
