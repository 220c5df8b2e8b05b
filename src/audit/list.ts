import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type AuditEntry, auditDocument } from './model.ts'

export interface AuditFilter {
  /** Days as 2026-11-25 (UTC), both included. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly project?: string | undefined
  /** Id or name of a token. */
  readonly actor?: string | undefined
}

/** Entries in the order of time, day by day. */
export async function* listAudit(documents: Documents, filter: AuditFilter): AsyncIterable<AuditEntry> {
  const { from = '', to = '9999' } = filter
  const prefix = from === to ? `${keys.auditPrefix}${from}/` : keys.auditPrefix
  let day: { readonly name: string; readonly keys: string[] } = { name: '', keys: [] }
  for await (const { key } of documents.store.list(prefix)) {
    const name = key.slice(keys.auditPrefix.length).split('/')[0] ?? ''
    if (name < from || name > to) continue
    if (day.name !== name) {
      yield* await entriesOf(documents, day.keys, filter)
      day = { name, keys: [] }
    }
    day.keys.push(key)
  }
  yield* await entriesOf(documents, day.keys, filter)
}

const readAtOnce = 32

async function entriesOf(documents: Documents, keysOfDay: readonly string[], filter: AuditFilter) {
  const found: AuditEntry[] = []
  for (let at = 0; at < keysOfDay.length; at += readAtOnce) {
    const some = keysOfDay.slice(at, at + readAtOnce).map((key) => documents.read(auditDocument, key))
    for (const document of await Promise.all(some)) found.push(...(document?.value ?? []))
  }
  return inOrder(found.filter((entry) => fits(entry, filter)))
}

/** Several servers write at once, and a document holds what came while the one before was written. */
function inOrder(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return [...entries].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function fits(entry: AuditEntry, { project, actor }: AuditFilter): boolean {
  if (project !== undefined && entry.project !== project) return false
  return actor === undefined || entry.actor.token === actor || entry.actor.name === actor
}

/** One line for people. */
export function lineOfAudit(entry: AuditEntry): string {
  const { project, version, filename, subject, reason, message, actor } = entry
  const what = [project, filename ?? version, subject].filter((part) => part !== undefined).join(' ')
  return [
    entry.at.slice(0, 19).replace('T', ' '),
    entry.action.padEnd(12),
    entry.outcome.padEnd(9),
    what,
    `by ${actor.name} (${actor.token}) from ${actor.from}`,
    ...(reason === undefined || reason === '' ? [] : [`because: ${reason}`]),
    ...(message === undefined ? [] : [`refused: ${message}`]),
  ].join('  ')
}
