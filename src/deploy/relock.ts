import { z } from 'zod'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'

const relocks = z.object({
  /** Part of the names of the locks that belong to it; without this document it is 0. */
  generation: z.int().min(1),
  /** Who asked for each, in order. */
  asked: z.array(z.object({ by: z.string(), at: z.string(), reason: z.string().optional() })),
})

/** How often a release was pinned anew: `relocks/<project>/<version>.json`. */
export type Relocks = Readonly<z.infer<typeof relocks>>

export const relocksDocument: DocumentType<Relocks> = { name: 'relocks', format: 1, schema: relocks }

/** To which locks a deploy of this release that is asked for now belongs. */
export async function lockGeneration(documents: Documents, project: string, version: string): Promise<number> {
  return (await documents.read(relocksDocument, keys.relocks(project, version)))?.value.generation ?? 0
}

/**
 * From now on deploys of this release look for its dependencies anew. A lock itself never changes: deploys that were asked for
 * before go on with theirs.
 */
export async function askRelock(
  documents: Documents,
  { project, version }: { readonly project: string; readonly version: string },
  asked: Relocks['asked'][number],
): Promise<number> {
  const written = await documents.update(relocksDocument, keys.relocks(project, version), (before) => ({
    generation: (before?.generation ?? 0) + 1,
    asked: [...(before?.asked ?? []), asked],
  }))
  return written?.value.generation ?? 0
}
