import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { repair } from '../../../src/upkeep/repair.ts'
import { attestationOf } from '../../support/attestation.ts'
import { aRecord } from '../../support/file-record.ts'
import { appWheel, checked, idsAndKeys, keyOf, storeWithApp } from '../../support/store-with-app.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { BuiltArchive } from '../../support/wheels.ts'

const twoDays = 2 * 86_400_000

async function repaired(store: MemoryStore | Parameters<typeof documentsOn>[0]) {
  await using scratch = await temporaryFolder('scratch')
  const documents = documentsOn(store)
  for (let round = 0; round < 4; round++) {
    const { findings } = await checked(store)
    await repair({ documents, scratch: scratch.path, at: new Date().toISOString() }, findings)
  }
  return (await checked(store)).findings
}

describe('fsck of a store that is whole', () => {
  it('finds nothing, and reads every byte', async () => {
    const { store } = await storeWithApp(3)
    const sizes = [0, 1, 2].map((n) => appWheel(n).bytes.length)
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(await checked(store)).toEqual({ projects: 1, files: 3, bytes, findings: [] })
  })

  it('finds nothing where an upload is under way or was cut off today, and an orphan a day later', async () => {
    const { store, findings } = await storeWithApp(1)
    await store.write(`files/app/${'a'.repeat(64)}/app-2.0.tar.gz`, Buffer.from('x'), 'absent')
    await store.write(`files/new/${'b'.repeat(64)}/new-1.0.tar.gz`, Buffer.from('x'), 'absent')
    expect(await findings()).toEqual([])
    expect(idsAndKeys(await findings(Date.now() + twoDays))).toEqual([
      `file-orphan files/app/${'a'.repeat(64)}/app-2.0.tar.gz`,
      `file-orphan files/new/${'b'.repeat(64)}/new-1.0.tar.gz`,
    ])
  })

  it('finds nothing where a segment was sealed and the head that counts it was not written any more', async () => {
    const { store, findings } = await storeWithApp(1)
    const segment = { format: 1, serial: 1, writeId: 'w', value: [] }
    await store.write('projects/app/0.json', Buffer.from(JSON.stringify(segment)), 'absent')
    expect(await findings()).toEqual([])
  })
})

describe('fsck of a store that is not', () => {
  it('tells bytes that are gone, cut short and changed apart', async () => {
    const { store, overwrite, findings } = await storeWithApp(3)
    const [gone, short, changed] = [appWheel(0), appWheel(1), appWheel(2)]
    await store.delete(keyOf(gone))
    await overwrite(keyOf(short), short.bytes.subarray(1))
    await overwrite(keyOf(changed), changed.bytes.map((byte) => byte ^ 1) as Buffer)
    expect(idsAndKeys(await findings()).sort()).toEqual(
      [`file-missing ${keyOf(gone)}`, `file-damaged ${keyOf(short)}`, `file-damaged ${keyOf(changed)}`].sort(),
    )
  })

  it('tells what points at files that are not listed', async () => {
    const { registry, amend, findings } = await storeWithApp(1)
    const { filename, sha256 } = appWheel(0)
    const pointer = { serial: 1, version: '1.0', at: '', by: 'ada', attempt: 'a', files: [{ filename, sha256 }] }
    await registry.documents.update(channelsDocument, 'channels/app.json', () => ({ production: [pointer] }))
    expect(await findings()).toEqual([])
    await registry.documents.update(channelsDocument, 'channels/app.json', () => undefined)
    await registry.documents.update(channelsDocument, 'channels/app.json', () => ({}))
    await amend('delete', '1.0')
    await registry.documents.update(channelsDocument, 'channels/app.json', () => ({ production: [pointer] }))
    expect(await findings()).toEqual([
      { id: 'channel-file-gone', key: 'channels/app.json', detail: `production: ${filename}` },
    ])
  })

  it('names what is none of ours, and documents that cannot be read', async () => {
    const { overwrite, findings } = await storeWithApp(1)
    await overwrite('notes/todo.txt', 'buy milk')
    await overwrite('tokens/abc.json', '{')
    expect(idsAndKeys(await findings())).toEqual(['object-unknown notes/todo.txt', 'document-corrupt tokens/abc.json'])
  })

  it('says nothing at all of a store that a newer Wheelhouse has written to', async () => {
    const { overwrite, findings } = await storeWithApp(1)
    await overwrite('tokens/abc.json', JSON.stringify({ format: 99, serial: 1, writeId: 'w', value: {} }))
    await expect(findings()).rejects.toThrow(
      /token «tokens\/abc.json» has format 99.*a newer Wheelhouse wrote it\. Run that version or a later one/,
    )
  })
})

describe('the repair', () => {
  const damages = {
    gone: (store: MemoryStore) => store.delete('projects/app.json'),
    torn: async (store: MemoryStore) => {
      await store.delete('projects/app.json')
      await store.write('projects/app.json', Buffer.from('{"format":2,"ser'), 'absent')
    },
  }

  it.each(Object.entries(damages))(
    'makes a head that is %s anew from the audit: same files, yanks and deletions',
    async (_name, damage) => {
      const store = new MemoryStore()
      const { registry, amend } = await storeWithApp(4, store)
      await amend('yank', '1.1', 'eats data')
      await amend('delete', '1.2', 'secret')
      const before = (await registry.projects.get('app')).files
      await damage(store)
      expect(await repaired(store)).toEqual([])
      const after = await (await storeWithApp(0, store)).registry.projects.get('app')
      expect(after.files.map(({ filename, sha256, size }) => [filename, sha256, size])).toEqual(
        before.map(({ filename, sha256, size }) => [filename, sha256, size]),
      )
      expect(after.files[0]).toMatchObject({ requiresPython: '>=3.8', metadataSha256: before[0]?.metadataSha256 })
      expect(after.files[1]?.yanked).toMatchObject({ reason: 'eats data', by: 'ci' })
      expect(after.deleted).toHaveLength(1)
    },
  )

  it('brings back the records of a lost segment, of deleted files and closed projects too', async () => {
    const store = new MemoryStore()
    const { registry, amend } = await storeWithApp(3, store)
    for (let n = 3; n < 260; n++) await registry.committer.commit('app', 'app', aRecord(n))
    await amend('delete', '1.1', 'secret')
    await amend('yank', '1.2', 'eats data')
    await registry.amender.amend('app', { kind: 'status', status: 'archived', reason: '' }, 'ada')
    expect((await registry.projects.get('app')).head.segments).toBe(1)
    await store.delete('projects/app/0.json')
    await repaired(store)
    const after = await (await storeWithApp(0, store)).registry.projects.get('app')
    expect(
      after.files
        .map(({ version }) => version)
        .filter((version) => /^1\.[0-2]$/.test(version))
        .sort(),
    ).toEqual(['1.0', '1.2'])
    expect(after.files.find(({ version }) => version === '1.2')?.yanked).toMatchObject({ reason: 'eats data' })
    expect(after.deleted).toMatchObject([{ version: '1.1' }])
    expect(after.head.status).toBe('archived')
  })

  it('keeps the attestations of files whose records it makes anew, as far as they are there', async () => {
    const store = new MemoryStore()
    const attested = (wheel: BuiltArchive) => ({ attestations: JSON.stringify([attestationOf(wheel)]) })
    const { registry } = await storeWithApp(2, store, attested)
    const [first, second] = (await registry.projects.get('app')).files
    await store.delete(keys.fileProvenance('app', second?.sha256 ?? '', second?.provenanceSha256 ?? ''))
    await damages.gone(store)
    expect(await repaired(store)).toEqual([])
    const after = await (await storeWithApp(0, store)).registry.projects.get('app')
    expect(first?.provenanceSha256).toMatch(/^[0-9a-f]{64}$/)
    expect(after.files.map((file) => file.provenanceSha256)).toEqual([first?.provenanceSha256, undefined])
  })

  it('publishes nothing that is not proven, and no bytes that are not those that were accepted', async () => {
    const store = new MemoryStore()
    const { overwrite } = await storeWithApp(3, store)
    const unproven = appWheel(7)
    await overwrite(keyOf(unproven), unproven.bytes)
    await overwrite(keyOf(appWheel(1)), 'something else')
    await store.delete(keyOf(appWheel(2)))
    await store.delete('projects/app.json')
    expect(idsAndKeys(await repaired(store)).sort()).toEqual(
      [`record-missing ${keyOf(appWheel(1))}`, `record-missing ${keyOf(appWheel(2))}`].sort(),
    )
    const project = await (await storeWithApp(0, store)).registry.projects.get('app')
    expect(project.files.map(({ version }) => version)).toEqual(['1.0'])
  })

  it('names a project in the catalog again, and takes metadata from the wheel again', async () => {
    const store = new MemoryStore()
    const { registry } = await storeWithApp(1, store)
    const key = `${keyOf(appWheel(0))}.metadata`
    const metadata = await store.read(key)
    const shards = []
    for await (const { key: shard } of store.list('catalog/')) shards.push(shard)
    for (const shard of [...shards, key]) await store.delete(shard)
    expect(await repaired(store)).toEqual([])
    expect((await registry.catalog.names()).names).toEqual(['app'])
    expect(await store.read(key)).toMatchObject({ body: metadata !== 'unchanged' && metadata?.body })
  })

  it('keeps what it writes over', async () => {
    const store = new MemoryStore()
    await storeWithApp(1, store)
    await damages.torn(store)
    await repaired(store)
    const kept = []
    for await (const { key } of store.list('upkeep/before-repair/projects.app.json.')) kept.push(await store.read(key))
    expect(kept).toEqual([expect.objectContaining({ body: Buffer.from('{"format":2,"ser') })])
  })
})
