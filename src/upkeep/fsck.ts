import type { Clock } from '../clock.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Catalog, catalogIn } from '../registry/catalog.ts'
import { segmentsIn } from '../registry/segments.ts'
import { checkDocuments } from './check-documents.ts'
import { checkProject } from './check-project.ts'
import { checkReferences } from './check-references.ts'
import { type Finding, keyOfFinding } from './findings.ts'
import { inParallel } from './in-parallel.ts'
import { everyProject, type ListedProject, listProjects, type ProjectObjects } from './listing.ts'
import { gatherProof, type Proof } from './proof.ts'

export interface FsckPorts {
  readonly documents: Documents
  readonly clock: Clock
  /** Called now and then, with what was done so far. */
  readonly progress: (counts: Counts) => void
}

export interface Counts {
  readonly projects: number
  readonly files: number
  readonly bytes: number
}

export interface FsckReport extends Counts {
  readonly findings: readonly Finding[]
}

const projectsAtOnce = 4
const day = 86_400_000
const nothing: ListedProject = { head: false, segments: [] }

/**
 * Walks the whole store, reading every byte of it. May run beside servers: what a project shows to be wrong is looked at a
 * second time, as it may have changed between two reads; bytes without a record count once they are a day old. Rejects with
 * `document-too-new` where a newer Wheelhouse wrote any of it.
 */
export async function fsck(ports: FsckPorts): Promise<FsckReport> {
  const { documents, progress } = ports
  const catalog = catalogIn(documents)
  const findings: Finding[] = []
  const counts = { projects: 0, files: 0, bytes: 0 }
  await checkDocuments(documents, (finding) => findings.push(finding))
  const proofs = await gatherProof(documents)
  const listed = await listProjects(documents.store)
  await inParallel(
    projectsAtOnce,
    everyProject(documents.store, [...listed.keys(), ...proofs.keys()]),
    async (objects) => {
      const known = { listed: listed.get(objects.project) ?? nothing, proof: proofs.get(objects.project) }
      const found = await checkOne(ports, objects, known, (size) => {
        counts.files += 1
        counts.bytes += size
        progress(counts)
      })
      counts.projects += 1
      findings.push(...found)
    },
  )
  findings.push(...(await missingNames(catalog, listed)))
  const segments = segmentsIn(documents, 16 * 1024 * 1024)
  await checkReferences({ documents, segments, report: (finding) => findings.push(finding) })
  return { ...counts, findings: distinct(findings) }
}

async function checkOne(
  { documents, clock }: FsckPorts,
  objects: ProjectObjects,
  known: { readonly listed: ListedProject; readonly proof: Proof | undefined },
  verified: (size: number) => void,
): Promise<readonly Finding[]> {
  const look = async (entries: ProjectObjects['entries'], count: (size: number) => void) => {
    const found: Finding[] = []
    await checkProject({
      documents,
      project: objects.project,
      ...known,
      entries,
      orphansBefore: clock.now() - day,
      report: (finding) => found.push(finding),
      verified: ({ size }) => count(size),
    })
    return found
  }
  const first = await look(objects.entries, verified)
  if (first.length === 0) return first
  const entries = []
  for await (const entry of documents.store.list(keys.filesOf(objects.project))) entries.push(entry)
  const second = new Set((await look(entries, () => undefined)).map(keyOfFinding))
  return first.filter((finding) => second.has(keyOfFinding(finding)))
}

async function missingNames(catalog: Catalog, listed: ReadonlyMap<string, ListedProject>): Promise<readonly Finding[]> {
  const { names } = await catalog.names()
  const known = new Set(names)
  return [...listed]
    .filter(([project, { head }]) => head && !known.has(project))
    .map(([project]) => ({ id: 'catalog-name-missing', key: keys.catalogShard(project), detail: project }))
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  const found = [...new Map(findings.map((finding) => [keyOfFinding(finding), finding])).values()]
  return found.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
}
