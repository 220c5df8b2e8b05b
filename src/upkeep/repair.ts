import { createHash } from 'node:crypto'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { catalogIn } from '../registry/catalog.ts'
import { projectDocument, segmentDocument } from '../registry/model.ts'
import { withFiles } from '../registry/project-head.ts'
import { type Segments, segmentsIn } from '../registry/segments.ts'
import { bytesAreSafe, sweepsSeen } from '../registry/sweep-mark.ts'
import type { Finding, FindingId } from './findings.ts'
import { fileOf } from './listing.ts'
import type { Proof } from './proof.ts'
import { gatherProof } from './proof.ts'
import { rebuildHead } from './rebuild-head.ts'
import { readArchive, rebuildRecord } from './rebuild-record.ts'

export interface RepairPorts {
  readonly documents: Documents
  /** A folder for archives that are looked into. */
  readonly scratch: string
  /** ISO 8601: names what is kept of what was there before. */
  readonly at: string
}

interface Repairing extends RepairPorts {
  readonly proofs: ReadonlyMap<string, Proof>
  readonly segments: Segments
}

/** Does what can be done about a finding; false where nothing could be proven. */
type Mend = (ports: Repairing, finding: Finding) => Promise<boolean>

/**
 * Mends what segments, history and audit prove; everything else stays as it is, for a person to look at. May run beside
 * servers: each document is written under the condition that it is still what was found. Answers with what was mended.
 */
export async function repair(ports: RepairPorts, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const { documents } = ports
  const proofs = await gatherProof(documents)
  const repairing = { ...ports, proofs, segments: segmentsIn(documents, 16 * 1024 * 1024) }
  const mended: Finding[] = []
  for (const finding of findings) if (await mends[finding.id]?.(repairing, finding)) mended.push(finding)
  return mended
}

const mends: Partial<Record<FindingId, Mend>> = {
  'catalog-name-missing': async ({ documents }, { detail = '' }) => {
    await catalogIn(documents).add(detail)
    return true
  },
  'head-missing': mendHead,
  'head-corrupt': mendHead,
  // Its records come back one by one, as `record-missing` of the next round.
  'segment-missing': async (ports, { key }) => await put(ports, segmentDocument, key, []),
  'segment-corrupt': async (ports, { key }) => await put(ports, segmentDocument, key, []),
  'record-missing': mendRecord,
  'metadata-missing': mendMetadata,
  'metadata-damaged': mendMetadata,
}

async function mendHead(ports: Repairing, { key }: Finding): Promise<boolean> {
  const project = key.slice(keys.projectPrefix.length, -'.json'.length)
  const head = await rebuildHead(ports.documents, project, ports.proofs.get(project), ports.scratch)
  if (head.files.length === 0 && head.segments === 0) return false
  await catalogIn(ports.documents).add(project)
  // Higher than any sweep that was counted: what an upload has seen of the lost head is good for nothing.
  const sweep = { serial: Date.parse(ports.at), files: [], at: ports.at, by: 'repair' }
  return await put(ports, projectDocument, key, { ...head, sweep })
}

/**
 * Puts the record back as it was: whether the file was deleted later, or the project closed, is for the head to say. Whoever
 * changes the head meanwhile is left the better of it; the next round looks again.
 */
async function mendRecord({ documents, proofs, segments, scratch }: Repairing, finding: Finding): Promise<boolean> {
  const [, project = '', , filename = ''] = finding.key.split('/')
  const proven = proofs.get(project)?.files.get(filename)
  if (proven === undefined) return false
  const key = keys.project(project)
  const from = await documents.read(projectDocument, key)
  if (from === undefined) return false
  const head = from.value
  const rebuilt = await rebuildRecord(documents.store, project, proven, scratch)
  if (rebuilt === undefined || !bytesAreSafe(head, rebuilt.record, sweepsSeen(head, rebuilt.record))) return false
  if ((await segments.find(head, filename)) !== undefined) return false
  return (await documents.replace(projectDocument, key, withFiles(head, [rebuilt.record]), from)) !== 'conflict'
}

/** The archive itself has it, and the record its digest. */
async function mendMetadata({ documents: { store }, scratch }: Repairing, { key }: Finding): Promise<boolean> {
  const archive = await readArchive(store, fileOf(key), scratch)
  if (archive?.metadataSha256 === undefined) return false
  const there = await store.read(key)
  const bytes = Buffer.from(archive.metadata.bytes)
  if (there === undefined || there === 'unchanged') return (await store.write(key, bytes, 'absent')).ok
  if (sha256Of(there.body) === sha256Of(bytes)) return false
  return (await store.write(key, bytes, { version: there.version })).ok
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Writes a document where there is none, or one that cannot be read: its bytes are kept, and its serial outgrown. */
async function put<T>(ports: Repairing, type: DocumentType<T>, key: string, value: T): Promise<boolean> {
  const { documents, at } = ports
  const { store } = documents
  const there = await store.read(key)
  const body = there === undefined || there === 'unchanged' ? undefined : there
  const kept = keys.beforeRepair(`${key.replaceAll('/', '.')}.${at.replace(/[:.]/g, '')}`)
  await store.write(kept, body?.body ?? Buffer.alloc(0), 'absent')
  if (body === undefined) return (await documents.create(type, key, value)).created
  const from = { value, serial: Date.parse(at), version: body.version, bytes: body.body.length }
  return (await documents.replace(type, key, value, from)) !== 'conflict'
}
