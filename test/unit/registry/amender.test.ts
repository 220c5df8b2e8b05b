import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { projectDocument } from '../../../src/registry/model.ts'
import { faultyStore } from '../../support/faulty-store.ts'
import { aRecord } from '../../support/file-record.ts'
import { registryOn } from '../../support/registry.ts'

const json = async ({ pages }: ReturnType<typeof registryOn>) =>
  JSON.parse(String((await pages.project('app', 'json'))?.body(undefined)))
const html = async ({ pages }: ReturnType<typeof registryOn>) =>
  String((await pages.project('app', 'html'))?.body(undefined))

describe('amending a project', () => {
  it('shows yanks, deletions and status on both pages, with their reasons', async () => {
    const registry = registryOn(new MemoryStore())
    for (const n of [0, 1, 2]) await registry.committer.commit('app', 'App', aRecord(n))
    await registry.amender.amend('app', { kind: 'yank', version: '1.0', reason: 'eats <data>' }, 'ada')
    await registry.amender.amend('app', { kind: 'yank', version: '1.1', reason: '' }, 'ada')
    await registry.amender.amend('app', { kind: 'delete', version: '1.2', reason: 'secret' }, 'ada')
    await registry.amender.amend('app', { kind: 'status', status: 'deprecated', reason: 'use app2' }, 'ada')
    expect(await json(registry)).toMatchObject({
      'project-status': { status: 'deprecated', reason: 'use app2' },
      versions: ['1.0', '1.1'],
      files: [{ yanked: 'eats <data>' }, { yanked: true }],
    })
    const text = await html(registry)
    expect(text).toContain('data-yanked="eats &#60;data&#62;"')
    expect(text).toContain('data-yanked=""')
    expect(text).toContain(
      '<meta name="pypi:project-status" content="deprecated"><meta name="pypi:project-status-reason" content="use app2">',
    )
    expect(text).not.toContain('app-1.2')
  })

  it('lists no file of a quarantined project, and all of them when it is active again', async () => {
    const registry = registryOn(new MemoryStore())
    await registry.committer.commit('app', 'App', aRecord(0))
    await registry.amender.amend('app', { kind: 'status', status: 'quarantined', reason: 'malware?' }, 'ada')
    expect(await json(registry)).toMatchObject({ 'project-status': { status: 'quarantined' }, versions: [], files: [] })
    await registry.amender.amend('app', { kind: 'status', status: 'active', reason: 'false alarm' }, 'ada')
    expect((await json(registry)).files).toHaveLength(1)
  })

  it('reaches files in old segments, finds a release however it is spelled, and says what changed', async () => {
    const registry = registryOn(new MemoryStore())
    for (let n = 0; n < 300; n++) await registry.committer.commit('app', 'App', aRecord(n))
    const name = aRecord(0).filename
    expect(await registry.amender.amend('app', { kind: 'delete', version: '1.0.0', reason: '' }, 'ada')).toEqual({
      changed: true,
      version: '1.0',
      before: { status: 'active', files: { [name]: 'there' } },
      after: { status: 'active', files: { [name]: 'deleted' } },
    })
    const again = await registry.amender.amend('app', { kind: 'delete', version: '1.0', reason: '' }, 'ada')
    expect(again.changed).toBe(false)
    expect((await registry.projects.get('app')).files).toHaveLength(299)
  })

  it('loses neither uploads nor yanks where several servers make them at once', async () => {
    const store = new MemoryStore()
    const [a, b] = [registryOn(store), registryOn(store)]
    for (let n = 0; n < 40; n++) await a.committer.commit('app', 'App', aRecord(n))
    await Promise.all([
      ...Array.from({ length: 300 }, (_, n) => (n % 2 ? a : b).committer.commit('app', 'App', aRecord(100 + n))),
      ...Array.from({ length: 40 }, (_, n) =>
        (n % 2 ? a : b).amender.amend('app', { kind: 'yank', version: `1.${n}`, reason: `r${n}` }, 'ada'),
      ),
    ])
    const { files } = await registryOn(store).projects.get('app')
    expect(files).toHaveLength(340)
    expect(files.flatMap((file) => file.yanked?.reason ?? []).sort()).toEqual(
      Array.from({ length: 40 }, (_, n) => `r${n}`).sort(),
    )
  })

  it('holds where the answer of its write is lost, and changes nothing where the write was not made', async () => {
    for (const fate of ['answer-lost', 'unreached'] as const) {
      const store = new MemoryStore()
      await registryOn(store).committer.commit('app', 'App', aRecord(0))
      let hit = false
      const flaky = faultyStore(store, (_call, verb) => {
        if (verb !== 'write' || hit) return 'fine'
        hit = true
        return fate
      })
      await registryOn(flaky).amender.amend('app', { kind: 'yank', version: '1.0', reason: 'x' }, 'ada')
      const head = await registryOn(store).documents.read(projectDocument, keys.project('app'))
      expect(head?.value.amendments.yankedReleases['1.0']).toMatchObject({ by: 'ada', reason: 'x' })
    }
  })

  it('deletes nothing that a channel points at', async () => {
    const registry = registryOn(new MemoryStore())
    const { filename, sha256, version } = aRecord(0)
    await registry.committer.commit('app', 'App', aRecord(0))
    const pointer = { serial: 1, version, files: [{ filename, sha256 }], at: '', by: 'ci', attempt: 'a' }
    await registry.documents.create(channelsDocument, keys.channels('app'), { production: [pointer] })
    const removing = registry.amender.amend('app', { kind: 'delete', version: '1.0', reason: '' }, 'ada')
    await expect(removing).rejects.toThrow(
      'app-1.0-py3-none-any.whl is what the channel production points at: promote another release first',
    )
    expect((await registry.projects.get('app')).files).toHaveLength(1)
  })

  it('writes heads that an older Wheelhouse refuses, rather than drop what it does not know', async () => {
    const store = new MemoryStore()
    await registryOn(store).committer.commit('app', 'App', aRecord(0))
    const stored = await store.read('projects/app.json')
    expect(JSON.parse(String(typeof stored === 'object' && stored.body))).toMatchObject({ format: 3 })
  })
})
