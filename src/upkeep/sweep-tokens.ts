import type { Clock } from '../clock.ts'
import { isOfDeploy } from '../identity/deploy-credentials.ts'
import { isAlive, tokenDocument } from '../identity/token.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { Swept } from './sweep-project.ts'

export interface SweepTokensPorts {
  readonly documents: Documents
  readonly clock: Clock
}

/** Removes tokens for nodes that have expired: whoever made them for a deploy or a plan died before it gave them back. */
export async function sweepTokens({ documents, clock }: SweepTokensPorts, dryRun: boolean): Promise<readonly Swept[]> {
  const swept: Swept[] = []
  for await (const { key, size } of documents.store.list(keys.tokenPrefix)) {
    const token = (await documents.read(tokenDocument, key))?.value
    if (token === undefined || !isOfDeploy(token) || isAlive(token, clock.now())) continue
    if (!dryRun) await documents.store.delete(key)
    swept.push({ key, size, why: 'token' })
  }
  return swept
}
