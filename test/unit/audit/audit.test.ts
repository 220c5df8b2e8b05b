import { describe, expect, it } from 'vitest'
import { audited, auditIn } from '../../../src/audit/audit.ts'
import { lineOfAudit, listAudit } from '../../../src/audit/list.ts'
import type { AuditEntry, AuditEvent } from '../../../src/audit/model.ts'
import { systemClock } from '../../../src/clock.ts'
import { DomainError } from '../../../src/errors.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../../src/objects/object-store.ts'
import { faultyStore } from '../../support/faulty-store.ts'

const actor = { token: 'abc', name: 'jenkins', from: '10.0.0.7' }
const event = (n: number, more: Partial<AuditEvent> = {}): AuditEvent => ({
  action: 'upload',
  actor,
  project: 'app',
  version: `1.${n}`,
  outcome: 'done',
  ...more,
})

function auditOn(store: ObjectStore, now = () => Date.parse('2026-11-25T12:00:00.000Z')) {
  const logged: { message: string; fields: unknown }[] = []
  const log = { error: (message: string, fields: unknown) => void logged.push({ message, fields }) }
  return { audit: auditIn(documentsOn(store), { ...systemClock, now }, log), logged }
}

async function stored(store: ObjectStore, filter = {}): Promise<AuditEntry[]> {
  const found: AuditEntry[] = []
  for await (const entry of listAudit(documentsOn(store), filter)) found.push(entry)
  return found
}

describe('the audit', () => {
  it('keeps every entry of many at once, in a handful of documents under their day', async () => {
    const store = new MemoryStore()
    const { audit } = auditOn(store)
    await Promise.all(Array.from({ length: 200 }, (_, n) => audit.record(event(n))))
    const keys: string[] = []
    for await (const { key } of store.list('audit/')) keys.push(key)
    expect(keys.length).toBeLessThan(6)
    expect(keys.every((key) => /^audit\/2026-11-25\/120000000-[0-9a-z]{4}-[0-9a-f]{8}\.json$/.test(key))).toBe(true)
    expect((await stored(store)).map((entry) => entry.version)).toEqual(Array.from({ length: 200 }, (_, n) => `1.${n}`))
  })

  it('finds by day, project and actor, in the order of time', async () => {
    const store = new MemoryStore()
    const days = ['2026-11-25', '2026-11-24', '2026-11-24']
    for (const [n, day] of days.entries()) {
      const { audit } = auditOn(store, () => Date.parse(`${day}T10:00:0${n}.000Z`))
      const more = n === 2 ? { project: 'other', actor: { ...actor, token: 'def', name: 'ada' } } : {}
      await audit.record(event(n, more))
    }
    const versions = async (filter: object) => (await stored(store, filter)).map((entry) => entry.version)
    expect(await versions({})).toEqual(['1.1', '1.2', '1.0'])
    expect(await versions({ from: '2026-11-25' })).toEqual(['1.0'])
    expect(await versions({ from: '2026-11-24', to: '2026-11-24' })).toEqual(['1.1', '1.2'])
    expect(await versions({ project: 'app' })).toEqual(['1.1', '1.0'])
    expect([await versions({ actor: 'ada' }), await versions({ actor: 'def' })]).toEqual([['1.2'], ['1.2']])
  })

  it('writes what the store refuses into the log, whole, and holds nobody up', async () => {
    const away = faultyStore(new MemoryStore(), () => 'unreached')
    const { audit, logged } = auditOn(away)
    await audit.record(event(1, { reason: 'because' }))
    await audit.settled()
    expect(logged).toEqual([
      {
        message: expect.stringContaining('Audit entries could not be written, and stand here instead'),
        fields: { entries: [expect.objectContaining({ version: '1.1', reason: 'because', actor })] },
      },
    ])
  })

  it('keeps refusals with their sentence, and lets them through', async () => {
    const store = new MemoryStore()
    const { audit } = auditOn(store)
    const { outcome: _none, ...begun } = event(1, { action: 'delete' })
    const refused = audited(
      audit,
      begun,
      async () => {
        throw new DomainError('amendment-refused', 'A channel points at it.')
      },
      () => ({ outcome: 'done' }),
    )
    await expect(refused).rejects.toThrow('A channel points at it.')
    expect(await stored(store)).toMatchObject([{ outcome: 'refused', message: 'A channel points at it.' }])
  })

  it('reads as one line', () => {
    const entry: AuditEntry = {
      ...event(4, { action: 'yank', reason: 'eats data' }),
      id: '1',
      at: '2026-11-25T12:00:00.000Z',
    }
    expect(lineOfAudit(entry)).toBe(
      '2026-11-25 12:00:00  yank          done       app 1.4  by jenkins (abc) from 10.0.0.7  because: eats data',
    )
  })
})
