import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { lockDocument, requestDocument } from './documents.ts'
import { changesBetween, type LockChange } from './dry-run.ts'
import { lockKeyOf } from './lock.ts'
import { lockGeneration } from './relock.ts'
import type { Rollout } from './rollout/model.ts'

/** What would be another version on the nodes of one class. */
export interface PendingChanges {
  readonly nodes: readonly string[]
  readonly changes: readonly LockChange[]
}

/** What whoever approves a deploy lets in: by the lock that it pinned, against that of what the nodes ran when it began. */
export async function pendingChanges(documents: Documents, rollout: Rollout): Promise<readonly PendingChanges[]> {
  const { service, deploy, project, nodes } = rollout
  const request = (await documents.read(requestDocument, keys.deployRequest(service, deploy)))?.value
  if (request === undefined) return []
  const lockOf = async (version: string, generation: number, nodeClass: string) =>
    (await documents.read(lockDocument, lockKeyOf({ ...request, version, generation }, nodeClass)))?.value
  const found = Object.keys(rollout.locks).map(async (nodeClass) => {
    const own = nodes.filter((node) => node.nodeClass === nodeClass)
    const before = own.find((node) => node.before !== undefined)?.before?.version
    const from = before && (await lockOf(before, await lockGeneration(documents, project, before), nodeClass))
    const to = await lockOf(request.version, request.generation ?? 0, nodeClass)
    return {
      nodes: own.map(({ name }) => name),
      changes: to === undefined ? [] : changesBetween(from || undefined, to),
    }
  })
  return await Promise.all(found)
}
