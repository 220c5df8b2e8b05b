import { isDomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { projectDocument } from '../registry/model.ts'
import { everyProject, listProjects } from './listing.ts'
import { gatherProof, type Proof } from './proof.ts'
import { type SweepPorts, type Swept, sweepProject } from './sweep-project.ts'
import { type Sweepable, sweepable } from './sweepable.ts'

/**
 * Removes bytes that no upload came to use, and those of files deleted long ago. Marks first (see `registry/sweep-mark.ts`),
 * so that an upload of the same bytes at the same time is not left without them, wherever either of them dies. With
 * `dryRun` it only tells what it would remove.
 */
export async function sweep(ports: SweepPorts, dryRun: boolean): Promise<readonly Swept[]> {
  const { store } = ports.documents
  const listed = await listProjects(store)
  const repaired = await repairedProjects(ports.documents)
  let proofs: ReadonlyMap<string, Proof> | undefined
  const swept: Swept[] = []
  for await (const objects of everyProject(store, listed.keys())) {
    if (ports.signal?.aborted === true) break
    const { project } = objects
    const head = await headToSweep(ports, project)
    const lost = head === undefined && (listed.get(project)?.segments.length ?? 0) > 0
    if (head === 'unreadable' || lost) continue
    const found = await sweepable(ports, objects, head?.value)
    // Bytes that the audit knows of were committed: there it is the record that is missing, and `fsck` says so.
    if (found.orphans.size > 0) proofs ??= await gatherProof(ports.documents)
    const kept = repaired.has(project) ? new Map() : unproven(found.orphans, proofs?.get(project))
    swept.push(...(await unlessOvertaken(sweepProject(ports, project, { ...found, orphans: kept }, dryRun))))
  }
  return swept
}

async function headToSweep({ documents }: SweepPorts, project: string) {
  try {
    return await documents.read(projectDocument, keys.project(project))
  } catch (error) {
    if (isDomainError(error, 'document-corrupt')) return 'unreadable'
    throw error
  }
}

async function repairedProjects({ store }: Documents): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for await (const { key } of store.list(`${keys.beforeRepairPrefix}projects.`)) {
    found.add(key.slice(`${keys.beforeRepairPrefix}projects.`.length).split('.')[0] ?? '')
  }
  return found
}

function unproven(orphans: Sweepable['orphans'], proof: Proof | undefined): Sweepable['orphans'] {
  const proven = new Set([...(proof?.files.values() ?? [])].map(({ sha256 }) => sha256))
  return new Map([...orphans].filter(([name]) => !proven.has(name.split('/')[0] ?? '')))
}

/** Somebody else sweeps the project, or writes to it without pause: the next sweep has another look. */
async function unlessOvertaken(sweeping: Promise<readonly Swept[]>): Promise<readonly Swept[]> {
  try {
    return await sweeping
  } catch (error) {
    if (isDomainError(error, 'conflict')) return []
    throw error
  }
}
