import { type AuditEntry, auditDocument } from '../audit/model.ts'
import { channelsDocument } from '../channels/model.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { readable } from './read-or.ts'

/** A file that was committed once, whatever became of its record. */
export interface ProvenFile {
  readonly filename: string
  readonly version: string
  readonly sha256: string
  /** Of the attestations that were committed with it, as far as that is known. */
  readonly provenanceSha256?: string | undefined
  /** ISO 8601. */
  readonly at: string
  readonly by: string
}

/** What audit and channels know of one project. */
export interface Proof {
  readonly files: ReadonlyMap<string, ProvenFile>
  /** Yanks, deletions and the like that were done, oldest first. */
  readonly amendments: readonly AuditEntry[]
}

/** By project. Reads the whole audit, once. */
export async function gatherProof(documents: Documents): Promise<ReadonlyMap<string, Proof>> {
  const proofs = new Map<string, { files: Map<string, ProvenFile>; amendments: AuditEntry[] }>()
  const of = (project: string) => {
    const known = proofs.get(project) ?? { files: new Map<string, ProvenFile>(), amendments: [] as AuditEntry[] }
    proofs.set(project, known)
    return known
  }
  for await (const entry of auditEntries(documents)) {
    if (entry.project === undefined || entry.outcome !== 'done') continue
    const file = entry.action === 'upload' ? uploadedFile(entry) : undefined
    if (file !== undefined) of(entry.project).files.set(file.filename, file)
    if (amending.includes(entry.action)) of(entry.project).amendments.push(entry)
  }
  for await (const { key } of documents.store.list('channels/')) {
    const project = key.slice('channels/'.length, -'.json'.length)
    for (const file of await promotedFiles(documents, key)) {
      const { files } = of(project)
      if (!files.has(file.filename)) files.set(file.filename, file)
    }
  }
  for (const proof of proofs.values()) proof.amendments.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
  return proofs
}

const amending: readonly string[] = ['yank', 'unyank', 'delete', 'restore', 'status']

async function* auditEntries(documents: Documents): AsyncIterable<AuditEntry> {
  for await (const { key } of documents.store.list(keys.auditPrefix)) {
    const found = await readable(() => documents.read(auditDocument, key))
    yield* found?.value ?? []
  }
}

function uploadedFile({ filename, version, at, actor, after }: AuditEntry): ProvenFile | undefined {
  const { sha256, provenanceSha256: provenance } = after ?? {}
  if (filename === undefined || version === undefined || typeof sha256 !== 'string') return undefined
  const provenanceSha256 = typeof provenance === 'string' ? provenance : undefined
  return { filename, version, sha256, provenanceSha256, at, by: actor.name }
}

/** Every promotion of the history names files that were there then. */
async function promotedFiles(documents: Documents, key: string): Promise<readonly ProvenFile[]> {
  const channels = (await readable(() => documents.read(channelsDocument, key)))?.value ?? {}
  return Object.values(channels)
    .flat()
    .flatMap(({ files, version, at, by }) => files.map((file) => ({ ...file, version, at, by })))
}
