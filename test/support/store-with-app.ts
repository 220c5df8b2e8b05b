import { createHash } from 'node:crypto'
import { auditIn } from '../../src/audit/audit.ts'
import { systemClock } from '../../src/clock.ts'
import { documentsOn } from '../../src/objects/documents.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import type { Finding } from '../../src/upkeep/findings.ts'
import { fsck } from '../../src/upkeep/fsck.ts'
import { registryOn } from './registry.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { aWheel, type BuiltArchive } from './wheels.ts'

/** The wheel of app 1.n. */
export function appWheel(n: number): BuiltArchive {
  return aWheel({ name: 'app', version: `1.${n}`, requiresPython: '>=3.8' })
}

export function keyOf({ sha256, filename }: BuiltArchive): string {
  return `files/app/${sha256}/${filename}`
}

/** A store with app 1.0 to 1.(count - 1), each in the audit as the server keeps it. */
export async function storeWithApp(
  count: number,
  store: ObjectStore = new MemoryStore(),
  fields: (wheel: BuiltArchive) => Readonly<Record<string, string>> = () => ({}),
) {
  await using folder = await temporaryFolder('spool')
  const registry = registryOn(store)
  const audit = auditIn(documentsOn(store), systemClock, { error: (text) => console.error(text) })
  const actor = { token: 'id', name: 'ci', from: '127.0.0.1' }
  for (let n = 0; n < count; n++) {
    const sent = { name: 'app', version: `1.${n}`, ...fields(appWheel(n)) }
    const { record } = await registry.publish(appWheel(n), folder.path, sent)
    const { filename, version, sha256, size, provenanceSha256 } = record
    const after = { sha256, size, provenanceSha256 }
    await audit.record({ action: 'upload', actor, project: 'app', version, filename, outcome: 'done', after })
  }
  return {
    store,
    registry,
    /** An amendment, with its entry in the audit. */
    async amend(kind: 'yank' | 'delete' | 'restore', version: string, reason = '') {
      await registry.amender.amend('app', { kind, version, reason }, 'ada')
      await audit.record({ action: kind, actor, project: 'app', version, reason, outcome: 'done' })
    },
    /** Whatever was there before. */
    async overwrite(key: string, body: string | Buffer) {
      await store.delete(key)
      await store.write(key, Buffer.from(body), 'absent')
    },
    findings: async (now = Date.now()) => (await checked(store, now)).findings,
  }
}

export async function checked(store: ObjectStore, now = Date.now()) {
  const clock = { ...systemClock, now: () => now }
  return await fsck({ documents: documentsOn(store), clock, progress: () => undefined })
}

export function idsAndKeys(findings: readonly Finding[]): string[] {
  return findings.map(({ id, key }) => `${id} ${key}`)
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
