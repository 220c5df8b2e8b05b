import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { faultyStore } from '../../support/faulty-store.ts'
import { aRecord as record } from '../../support/file-record.ts'
import { registryOn } from '../../support/registry.ts'

describe('committing uploads', () => {
  it('folds uploads that come together into a handful of writes', async () => {
    let headWrites = 0
    const store = faultyStore(new MemoryStore(), (_call, verb, key) => {
      if (verb === 'write' && key === 'projects/app.json') headWrites++
      return 'fine'
    })
    const { committer, projects } = registryOn(store)
    await Promise.all(Array.from({ length: 200 }, (_, n) => committer.commit('app', 'App', record(n))))
    expect((await projects.get('app')).files).toHaveLength(200)
    expect(headWrites).toBeLessThan(6)
  })

  it('seals older records into segments and still shows them all, in the order they came', async () => {
    const store = new MemoryStore()
    const { committer, projects } = registryOn(store)
    for (let n = 0; n < 600; n++) await committer.commit('app', 'App', record(n))
    const project = await projects.get('app')
    expect(project.head.segments).toBe(2)
    expect(project.head.files.length).toBe(600 - 512)
    expect(project.files.map((file) => file.version)).toEqual(Array.from({ length: 600 }, (_, n) => `1.${n}`))
  })

  it('keeps all uploads of several servers that write at once, past the sealing of segments', async () => {
    const store = new MemoryStore()
    const servers = [registryOn(store), registryOn(store), registryOn(store)]
    const uploads = servers.flatMap(({ committer }, server) =>
      Array.from({ length: 150 }, async (_, n) => await committer.commit('app', 'App', record(server * 1000 + n))),
    )
    await Promise.all(uploads)
    const project = await registryOn(store).projects.get('app')
    expect(new Set(project.files.map((file) => file.filename)).size).toBe(450)
    expect(project.files).toHaveLength(450)
  })

  it('says that the same bytes are there, and refuses others under the name, in the batch and in old segments', async () => {
    const { committer } = registryOn(new MemoryStore())
    const first = record(0)
    const other = record(0, { sha256: 'f'.repeat(64) })
    const outcomes = await Promise.allSettled([first, first, other].map((file) => committer.commit('app', 'App', file)))
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code))).toEqual([
      'created',
      'same',
      'file-exists',
    ])
    for (let n = 1; n < 300; n++) await committer.commit('app', 'App', record(n))
    expect(await committer.commit('app', 'App', first)).toBe('same')
    await expect(committer.commit('app', 'App', other)).rejects.toThrow(
      /^File already exists: app-1\.0-py3-none-any\.whl/,
    )
  })

  it('takes one source archive a release, and each wheel once, however their names are spelled', async () => {
    const { committer, amender } = registryOn(new MemoryStore())
    const commit = (filename: string, n = 0) => {
      const filetype = filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist'
      return committer.commit('my-app', 'App', record(n, { filename, filetype, sha256: `${filename.length}` }))
    }
    const first = ['my_app-1.0.tar.gz', 'my_app-1.0-py2.py3-none-any.whl', 'my_app-1.0-1-py2.py3-none-any.whl']
    expect(await Promise.all(first.map((name) => commit(name)))).toEqual(['created', 'created', 'created'])
    for (const other of ['my-app-1.0.tar.gz', 'my_app-1.0.zip', 'My.App-1.0-py3.py2-none-any.whl']) {
      await expect(commit(other)).rejects.toThrow(/^File already exists: the .* of 1\.0 .*is my_app-1\.0/)
    }
    expect(await commit('my_app-1.0-py3-none-any.whl')).toBe('created')
    const racing = await Promise.allSettled([commit('my-app-1.1.zip', 1), commit('my-app-1.1.tar.gz', 1)])
    expect(racing.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    for (let n = 2; n < 300; n++) await commit(`my_app-1.${n}.tar.gz`, n)
    await expect(commit('my_app-1.0.zip')).rejects.toMatchObject({ code: 'file-exists' })
    await amender.amend('my-app', { kind: 'delete', version: '1.0', filename: 'my_app-1.0.tar.gz', reason: '' }, 'ada')
    expect(await commit('my_app-1.0.zip')).toBe('created')
  })

  it('makes one release of versions that are equal, spelled as its first file had it, also after sealing', async () => {
    const { committer, projects } = registryOn(new MemoryStore())
    const commit = (filename: string, version: string) =>
      committer.commit('app', 'App', record(0, { filename, version, sha256: filename, filetype: 'bdist_wheel' }))
    await commit('app-1.0-py3-none-any.whl', '1.0')
    await commit('app-2.0.post1-py3-none-any.whl', '2.0.post1')
    for (let n = 1; n < 300; n++) await committer.commit('app', 'App', record(n))
    expect(await commit('app-1.0.0-py2-none-any.whl', '1.0.0')).toBe('created')
    expect(await commit('app-2.post1-py2-none-any.whl', '2.post1')).toBe('created')
    await expect(commit('app-1-py3-none-any.whl', '1')).rejects.toMatchObject({ code: 'file-exists' })
    const { releases } = await projects.get('app')
    expect(releases.get('1.0')?.map((file) => file.filename)).toEqual([
      'app-1.0-py3-none-any.whl',
      'app-1.0.0-py2-none-any.whl',
    ])
    expect(releases.get('2.0.post1')).toHaveLength(2)
    expect([releases.has('1.0.0'), releases.has('2.post1')]).toEqual([false, false])
  })

  it('gives a deleted name to no bytes, not even to the same, and takes nothing for a closed project', async () => {
    const { committer, amender } = registryOn(new MemoryStore())
    await committer.commit('app', 'App', record(0))
    await amender.amend('app', { kind: 'delete', version: '1.0', reason: 'has a password in it' }, 'ada')
    const again = [record(0), record(0, { sha256: 'f'.repeat(64) })].map((file) => committer.commit('app', 'App', file))
    for (const outcome of again) {
      await expect(outcome).rejects.toThrow(
        /^File already exists: app-1\.0-py3-none-any\.whl was uploaded before, and deleted by "ada" on 20.* \(has a password in it\)/,
      )
    }
    await amender.amend('app', { kind: 'status', status: 'archived', reason: 'see app2' }, 'ada')
    await expect(committer.commit('app', 'App', record(1))).rejects.toMatchObject({
      code: 'project-closed',
      message: expect.stringContaining('The project "app" is archived (see app2), and takes no uploads.'),
    })
    await amender.amend('app', { kind: 'status', status: 'deprecated', reason: '' }, 'ada')
    expect(await committer.commit('app', 'App', record(1))).toBe('created')
  })

  it('names a project in the catalog before it can be seen', async () => {
    const order: string[] = []
    const store = faultyStore(new MemoryStore(), (_call, verb, key) => {
      if (verb === 'write') order.push(key.split('/')[0] ?? '')
      return 'fine'
    })
    const { committer, catalog } = registryOn(store)
    await committer.commit('app', 'App', record(0))
    expect(order).toEqual(['catalog', 'projects'])
    expect((await catalog.names()).names).toEqual(['app'])
  })
})
