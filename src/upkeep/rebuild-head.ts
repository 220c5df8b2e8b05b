import type { AuditEntry } from '../audit/model.ts'
import { isDomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Amendment, amend } from '../registry/amend.ts'
import { type FileRecord, type ProjectHead, projectStatuses, segmentDocument } from '../registry/model.ts'
import { emptyHead } from '../registry/project-head.ts'
import { releaseKey } from '../registry/releases.ts'
import type { Proof } from './proof.ts'
import { readable } from './read-or.ts'
import { rebuildRecord } from './rebuild-record.ts'

/**
 * A head from what is proven: segments hold nothing but committed records, and audit and channels name files whose bytes
 * must still be those. Yanks, deletions and the status are done again in their order: nothing deleted comes back.
 */
export async function rebuildHead(
  documents: Documents,
  project: string,
  proof: Proof | undefined,
  scratch: string,
): Promise<ProjectHead> {
  const segments = await readSegments(documents, project)
  const known = new Set(segments.flat().map(({ filename }) => filename))
  const files: FileRecord[] = []
  let displayName = project
  for (const proven of proof?.files.values() ?? []) {
    if (known.has(proven.filename)) continue
    const rebuilt = await rebuildRecord(documents.store, project, proven, scratch)
    if (rebuilt === undefined) continue
    files.push(rebuilt.record)
    displayName = rebuilt.displayName
  }
  files.sort((a, b) => (a.uploadedAt < b.uploadedAt ? -1 : Number(a.uploadedAt > b.uploadedAt)))
  const records = spelledAlike([...segments.flat(), ...files])
  const recent = records.slice(records.length - files.length)
  const head: ProjectHead = { ...emptyHead(project, displayName), segments: segments.length, files: recent }
  return (proof?.amendments ?? []).reduce<ProjectHead>((so, entry) => repeated(so, records, entry), head)
}

/** The audit has versions as the files spelled them; a release is spelled as its first file had it. */
function spelledAlike(records: readonly FileRecord[]): readonly FileRecord[] {
  const spelling = new Map<string, string>()
  return records.map((record) => {
    const key = releaseKey(record.version)
    const version = spelling.get(key) ?? record.version
    spelling.set(key, version)
    return { ...record, version }
  })
}

/** Up to the first that is missing. One that cannot be read ends it as well: it is mended in a round of its own. */
async function readSegments(documents: Documents, project: string): Promise<(readonly FileRecord[])[]> {
  const segments: (readonly FileRecord[])[] = []
  for (;;) {
    const key = keys.projectSegment(project, segments.length)
    const segment = await readable(() => documents.read(segmentDocument, key))
    if (segment !== undefined) segments.push(segment.value)
    else if ((await documents.store.head(key)) !== undefined) segments.push([])
    else return segments
  }
}

function repeated(head: ProjectHead, records: readonly FileRecord[], entry: AuditEntry): ProjectHead {
  const amendment = amendmentOf(entry)
  if (amendment === undefined) return head
  try {
    return amend({ head, records }, amendment, { at: entry.at, by: entry.actor.name }).head
  } catch (error) {
    // It spoke of a file that could not be brought back.
    if (isDomainError(error)) return head
    throw error
  }
}

function amendmentOf({ action, version, filename, reason = '', after }: AuditEntry): Amendment | undefined {
  if (action === 'status') {
    const status = projectStatuses.find((one) => one === after?.['status'])
    return status && { kind: 'status', status, reason }
  }
  const kind = (['yank', 'unyank', 'delete', 'restore'] as const).find((one) => one === action)
  return kind === undefined || version === undefined ? undefined : { kind, version, filename, reason }
}
