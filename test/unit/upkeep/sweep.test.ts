import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { neededFilesIn } from '../../../src/channels/needed-files.ts'
import { systemClock } from '../../../src/clock.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../../src/objects/object-store.ts'
import { segmentsIn } from '../../../src/registry/segments.ts'
import { sweep } from '../../../src/upkeep/sweep.ts'
import { aRecord } from '../../support/file-record.ts'
import { mortalStore, type Turn } from '../../support/mortal-store.ts'
import { registryOn } from '../../support/registry.ts'
import { appWheel, checked, keyOf, sha256Of, storeWithApp } from '../../support/store-with-app.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const hour = 3_600_000
const day = 24 * hour
/** Those who wait are called at once: what is tested is the order, not the time. */
const quick = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) }

async function sweepOn(store: ObjectStore, options: { readonly later?: number; readonly dryRun?: boolean } = {}) {
  const { later = 0, dryRun = false } = options
  const clock = { ...quick, now: () => Date.now() + later }
  const documents = documentsOn(store)
  const ports = {
    documents,
    segments: segmentsIn(documents, 1_000_000),
    clock,
    neededBy: neededFilesIn(documents),
    settings: { orphansAfter: day, deletedAfter: 7 * day },
    holder: randomUUID(),
    startedAt: clock.now(),
  }
  return (await sweep(ports, dryRun)).map(({ key, why }) => `${why} ${key}`)
}

async function keysOf(store: ObjectStore, prefix = 'files/'): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

/** What an upload of the wheel leaves that died just before its commit. */
async function leftover(store: ObjectStore, n: number): Promise<void> {
  await using folder = await temporaryFolder('spool')
  const elsewhere = new MemoryStore()
  await registryOn(elsewhere).publish(appWheel(n), folder.path, { name: 'app', version: `1.${n}` })
  for (const key of [keyOf(appWheel(n)), `${keyOf(appWheel(n))}.metadata`]) {
    const there = await elsewhere.read(key)
    if (typeof there === 'object') await store.write(key, there.body, 'absent')
  }
}

describe('the sweep', () => {
  it('takes what no upload came to use within a day, and nothing else', async () => {
    const { store, findings } = await storeWithApp(2)
    const before = await keysOf(store)
    await leftover(store, 7)
    expect(await sweepOn(store)).toEqual([])
    const gone = [`orphan ${keyOf(appWheel(7))}`, `orphan ${keyOf(appWheel(7))}.metadata`]
    expect(await sweepOn(store, { later: 2 * day, dryRun: true })).toEqual(gone)
    expect(await keysOf(store)).toHaveLength(before.length + 2)
    expect(await sweepOn(store, { later: 2 * day })).toEqual(gone)
    expect(await keysOf(store)).toEqual(before)
    expect(await findings(Date.now() + 2 * day)).toEqual([])
  })

  it('makes no project of bytes whose upload was the first of it', async () => {
    const store = new MemoryStore()
    await leftover(store, 0)
    await sweepOn(store, { later: 2 * day })
    expect(await keysOf(store)).toEqual([])
    const { projects, pages, amender } = registryOn(store)
    expect(await projects.find('app')).toBeUndefined()
    expect(await pages.project('app', 'html')).toBeUndefined()
    await expect(amender.amend('app', { kind: 'yank', version: '1.0', reason: '' }, 'ada')).rejects.toThrow(
      /no project/,
    )
    expect((await (await storeWithApp(1, store)).registry.projects.get('app')).head.displayName).toBe('app')
  })

  it('takes deleted files after a week; until then they can be restored, and from then on never', async () => {
    const store = new MemoryStore()
    const { amend, registry, findings } = await storeWithApp(2, store)
    await amend('delete', '1.0', 'secret')
    expect(await sweepOn(store, { later: 6 * day })).toEqual([])
    await amend('restore', '1.0')
    await amend('delete', '1.0', 'secret')
    expect(await sweepOn(store, { later: 8 * day })).toEqual([
      `deleted ${keyOf(appWheel(0))}`,
      `deleted ${keyOf(appWheel(0))}.metadata`,
    ])
    expect(await keysOf(store)).toHaveLength(2)
    await expect(amend('restore', '1.0')).rejects.toThrow(/were swept after the deletion, and cannot be restored/)
    expect((await registry.projects.get('app')).deleted).toHaveLength(1)
    expect(await findings()).toEqual([])
    await leftover(store, 0)
    expect(await sweepOn(store, { later: 8 * day })).toHaveLength(2)
  })

  it('keeps the attestations of a file as long as the file, and takes those that no record names', async () => {
    const store = new MemoryStore()
    const { registry, findings } = await storeWithApp(1, store)
    const [bytes, provenance] = [Buffer.from('an archive'), Buffer.from('{"version":1}')]
    const [sha256, provenanceSha256] = [sha256Of(bytes), sha256Of(provenance)]
    const record = aRecord(5, { sha256, size: bytes.length, provenanceSha256 })
    const folder = `files/app/${sha256}`
    await store.write(`${folder}/${record.filename}`, bytes, 'absent')
    await store.write(`${folder}/provenance-${provenanceSha256}`, provenance, 'absent')
    await store.write(`${folder}/provenance-${'0'.repeat(64)}`, provenance, 'absent')
    await registry.committer.commit('app', 'app', record)
    expect(await sweepOn(store, { later: 2 * day })).toEqual([`orphan ${folder}/provenance-${'0'.repeat(64)}`])
    expect(await findings()).toEqual([])
    await registry.amender.amend('app', { kind: 'delete', version: '1.5', reason: '' }, 'ada')
    await sweepOn(store, { later: 9 * day })
    expect(await keysOf(store, folder)).toEqual([])
  })

  it('leaves alone what the audit knows to be committed though its record or head is lost', async () => {
    const store = new MemoryStore()
    await storeWithApp(2, store)
    const before = await keysOf(store)
    await store.delete('projects/app.json')
    expect(await sweepOn(store, { later: 2 * day })).toEqual([])
    await store.write('projects/app.json', Buffer.from('torn'), 'absent')
    expect(await sweepOn(store, { later: 2 * day })).toEqual([])
    expect(await keysOf(store)).toEqual(before)
  })
})

/** Every record has its bytes, and fsck says so of all else. */
async function expectWhole(store: ObjectStore, what: string): Promise<void> {
  expect((await checked(store)).findings, what).toEqual([])
}

async function publishOn(store: ObjectStore): Promise<string> {
  await using folder = await temporaryFolder('spool')
  const registry = registryOn(store, quick)
  const published = registry.publish(appWheel(7), folder.path, { name: 'app', version: '1.7' })
  return await published.then(
    ({ outcome }) => outcome,
    (error: Error) => error.message,
  )
}

function signal() {
  let give = () => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

async function callsOf(act: (store: ObjectStore) => Promise<unknown>): Promise<number> {
  const { store } = await storeWithApp(1)
  await leftover(store, 7)
  const counting = mortalStore(store, () => 'goes', false)
  await act(counting.store)
  return counting.calls()
}

describe('an upload of the very bytes that are swept', () => {
  const sweeping = (store: ObjectStore) => sweepOn(store, { later: 2 * day })

  it('keeps its bytes, however the two interleave', async () => {
    const [sweeps, uploads] = [await callsOf(sweeping), await callsOf(publishOn)]
    expect(Math.min(sweeps, uploads)).toBeGreaterThan(4)
    for (let k = 1; k <= sweeps; k++) {
      for (let j = 1; j <= uploads + 2; j++) {
        const store = new MemoryStore()
        await storeWithApp(1, store)
        await leftover(store, 7)
        const [uploadReached, sweepOver] = [signal(), signal()]
        const sweeper = mortalStore(store, (call) => (call === k ? { heldUp: uploadReached.given } : 'goes'), false)
        const turn = (call: number): Turn => {
          if (call !== j) return 'goes'
          uploadReached.give()
          return { heldUp: sweepOver.given }
        }
        const uploading = publishOn(mortalStore(store, turn, false).store).finally(uploadReached.give)
        await sweeping(sweeper.store).finally(sweepOver.give)
        const outcome = await uploading
        await expectWhole(store, `sweep held at ${k}, upload at ${j}`)
        if (outcome !== 'created') expect(outcome).toContain('is being removed just now. Nothing was stored')
        expect(await publishOn(store)).toBe(outcome === 'created' ? 'same' : 'created')
        await expectWhole(store, `sweep held at ${k}, upload at ${j}, again`)
      }
    }
  }, 120_000)

  it.each(['dies-before', 'dies-after'] as const)(
    'keeps its bytes when the sweep %s any of its calls',
    async (death) => {
      const sweeps = await callsOf(sweeping)
      for (let k = 1; k <= sweeps; k++) {
        const store = new MemoryStore()
        await storeWithApp(1, store)
        await leftover(store, 7)
        const dying = mortalStore(store, (call) => (call === k ? death : 'goes'), false)
        void sweeping(dying.store)
        for (let turn = 0; turn < 200 && !dying.isDead(); turn++) await quick.sleep()
        const outcome = await publishOn(store)
        await expectWhole(store, `death at ${k}`)
        await sweepOn(store, { later: 2 * day + 2 * hour })
        await expectWhole(store, `death at ${k}, swept again`)
        expect(await publishOn(store)).toBe(outcome === 'created' ? 'same' : 'created')
        await expectWhole(store, `death at ${k}, uploaded again`)
      }
    },
  )
})
