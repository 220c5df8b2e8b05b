import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { isDomainError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type AuditEntry, type AuditEvent, auditDocument } from './model.ts'

export interface Audit {
  /**
   * Keeps what happened. Comes after the change, which it can neither undo nor hold up for long: resolves once the entry is
   * written, or after two seconds while it is still tried, and never rejects. An entry that cannot be written goes to the log.
   */
  record(event: AuditEvent): Promise<void>
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>
}

const patience = 2_000

/** Entries that come while a write is under way go out together in the next one, as uploads do. */
export function auditIn(documents: Documents, clock: Clock, log: Pick<Log, 'error'>): Audit {
  let waiting: AuditEntry[] = []
  let count = 0
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function write(): Promise<void> {
    const entries = waiting
    waiting = []
    for (const day of new Set(entries.map(dayOf))) {
      const ofDay = entries.filter((entry) => dayOf(entry) === day)
      await documents.create(auditDocument, keys.audit(day, ofDay[0]?.id ?? ''), ofDay).catch((error: unknown) => {
        log.error(`Audit entries could not be written, and stand here instead: ${messageOf(error)}`, { entries: ofDay })
      })
    }
  }

  function start(): Promise<void> {
    running = write().finally(() => {
      running = undefined
    })
    return running
  }

  function written(): Promise<void> {
    if (running === undefined) return start()
    next ??= running.then(() => {
      next = undefined
      return start()
    })
    return next
  }

  return {
    async record(event) {
      const at = new Date(clock.now()).toISOString()
      waiting.push({ ...event, id: idAt(at, count++), at })
      const done = new AbortController()
      await Promise.race([written(), clock.sleep(patience, done.signal)])
      done.abort()
    },
    async settled() {
      while (running !== undefined) await (next ?? running)
    },
  }
}

/** Does something and keeps what became of it, also where it is refused. */
export async function audited<T>(
  audit: Audit,
  event: Omit<AuditEvent, 'outcome'>,
  act: () => Promise<T>,
  outcomeOf: (result: T) => Partial<AuditEvent> & Pick<AuditEvent, 'outcome'>,
): Promise<T> {
  let result: T
  try {
    result = await act()
  } catch (error) {
    if (isDomainError(error)) await audit.record({ ...event, outcome: 'refused', message: error.message })
    throw error
  }
  await audit.record({ ...event, ...outcomeOf(result) })
  return result
}

/** Sorts by time, and what one process did in the same millisecond by order. */
function idAt(at: string, count: number): string {
  const order = (count % 36 ** 4).toString(36).padStart(4, '0')
  return `${at.slice(11, 23).replace(/[:.]/g, '')}-${order}-${randomUUID().slice(0, 8)}`
}

function dayOf({ at }: AuditEntry): string {
  return at.slice(0, 10)
}
