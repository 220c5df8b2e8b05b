import { describe, expect, it } from 'vitest'
import type { ActContext } from '../../../src/deploy/acts/act-context.ts'
import { resolve } from '../../../src/deploy/acts/resolve.ts'
import { repairId } from '../../../src/deploy/convergence/repair-decision.ts'
import { type Lock, lockDocument, type PlannedNode } from '../../../src/deploy/documents.ts'
import { lockDigest } from '../../../src/deploy/lock.ts'
import type { Effect } from '../../../src/deploy/rollout/model.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const index = 'http://index'
const sha256 = 'a'.repeat(64)
const own = { project: 'app', version: '1.0', url: `/files/app/${sha256}/app-1.0-py3-none-any.whl`, sha256 }
const effect: Effect = { attempt: 'web.production.1.3-resolve', kind: 'resolve', nodeClass: 'c' }

function aNode(): PlannedNode {
  const login = { address: 'n1', port: 22, user: 'deploy', key: '/nowhere', connectSeconds: 5 }
  return { name: 'n1', ...login, python: 'python3', root: '/srv/app', restart: 'true', url: 'http://127.0.0.1/version' }
}

/** A node where pip finds the release, and celery where the extra asks for it. */
function world(documents = documentsOn(new MemoryStore())) {
  const scripts: string[] = []
  let newest = '5'
  const contextOf = (definition: object, deploy = 'web.production.1'): ActContext => ({
    request: {
      deploy,
      service: deploy.split('.')[0] ?? '',
      project: 'app',
      version: '1.0',
      channel: deploy.split('.')[1] ?? '',
      serial: 1,
      files: [{ filename: 'app-1.0-py3-none-any.whl', sha256 }],
      by: 'ci',
      at: '',
      definition: aDefinition(definition),
    },
    documents,
    projects: { find: async () => undefined },
    discovery: { nodes: async () => [] },
    clock: new FakeClock(),
    externalUrl: index,
    node: async () => aNode(),
    ask: async () => ({ ok: false, problem: 'nobody asks' }),
    keep: async () => undefined,
    commands: { run: async () => ({ kind: 'exited', code: 0, output: '' }) },
    run: async (_node, { script }) => {
      scripts.push(script)
      const wheel = `celery-${newest}-py3-none-any.whl`
      const celery = { project: 'celery', version: newest, url: `${index}/files/${wheel}`, sha256: newest.repeat(64) }
      const report = [{ ...own, url: index + own.url }, ...(script.includes('celery') ? [celery] : [])]
      return { kind: 'exited', code: 0, output: `wheelhouse-result ${JSON.stringify(report)}\n` }
    },
  })
  const lockOf = async (definition: object, deploy?: string) => {
    const outcome = await resolve(contextOf(definition, deploy), aNode(), effect, new AbortController().signal)
    if (!outcome.ok) return outcome.problem
    return outcome.found?.kind === 'resolve' ? outcome.found.lock : 'nothing found'
  }
  const publishCelery = (version: string) => {
    newest = version
  }
  return { documents, scripts, lockOf, publishCelery }
}

const keepLock = (documents: ReturnType<typeof documentsOn>, lock: Partial<Lock> = {}) =>
  documents.create(lockDocument, keys.lock('app', '1.0', 'c'), {
    project: 'app',
    version: '1.0',
    nodeClass: 'c',
    digest: lockDigest([own]),
    files: [own],
    node: 'n1',
    at: '',
    ...lock,
  })

describe('the lock of a release', () => {
  it('is made by no repair of a service whose deploys have to be approved, but used by one', async () => {
    const { lockOf, scripts, documents } = world()
    const approvals = { approvals: { needed: 1 } }
    const repair = repairId('web', 'production', 1, 'abcdef01')
    expect(await lockOf(approvals, repair)).toMatch(
      /^Nobody approved what app 1\.0 needs on nodes of the class of n1.*Relock/,
    )
    expect(scripts).toEqual([])
    await keepLock(documents)
    expect(await lockOf(approvals, repair)).toBe(lockDigest([own]))
    expect(await world().lockOf({}, repair)).toBe(lockDigest([own]))
  })

  it('is another one for other extras or indexes, and the same one for the same, in whatever order', async () => {
    const { lockOf, scripts } = world()
    const plain = await lockOf({})
    const withCelery = await lockOf({ extras: ['celery', 'b'] })
    expect(withCelery).not.toBe(plain)
    expect([await lockOf({}), await lockOf({ extras: ['B', 'celery'] })]).toEqual([plain, withCelery])
    expect(scripts).toHaveLength(2)
    await lockOf({ indexes: ['self', 'https://pypi.example.org/simple/'] })
    expect(scripts).toHaveLength(3)
  })

  it('is the same one in a later channel, though a newer dependency came in between: nobody resolves there', async () => {
    const { documents, lockOf, scripts, publishCelery } = world()
    const extras = { extras: ['celery'] }
    const staged = await lockOf({ ...extras, subscribe: { promote: 'staging' } }, 'trial.staging.1')
    publishCelery('6')
    const produced = await lockOf({ ...extras, subscribe: { promote: 'production' } }, 'web.production.1')
    expect([produced, scripts.length]).toEqual([staged, 1])
    const kept: string[] = []
    for await (const { key } of documents.store.list('locks/')) kept.push(key)
    const locks = await Promise.all(kept.map((key) => documents.read(lockDocument, key)))
    expect(locks.map((lock) => lock?.value.files.map(({ project, version }) => `${project} ${version}`))).toEqual([
      ['app 1.0', 'celery 5'],
    ])
    // Pinned anew, as a person may ask for, it would be another.
    expect(await world().lockOf(extras)).toBe(staged)
    const later = world()
    later.publishCelery('6')
    expect(await later.lockOf(extras)).not.toBe(staged)
  })

  it('from before it said its extras holds for services without, and for no other', async () => {
    const { documents, lockOf, scripts } = world()
    await keepLock(documents)
    expect(await lockOf({})).toBe(lockDigest([own]))
    expect(scripts).toHaveLength(0)
    expect(await lockOf({ extras: ['celery'] })).not.toBe(lockDigest([own]))
  })

  it('that says other extras than the service has is not used, wherever it stands', async () => {
    const { documents, lockOf } = world()
    await keepLock(documents, { extras: ['celery'], indexes: ['self'] })
    expect(await lockOf({})).toContain('was made for the extras [celery] from self, not for those of this service')
  })

  it('with a wheel that is not promoted any more tells what to do', async () => {
    const { documents, lockOf } = world()
    const gone = { ...own, sha256: 'f'.repeat(64), url: '/files/app/ff/app-1.0-py3-none-any.whl' }
    await keepLock(documents, { files: [gone], extras: [], indexes: ['self'] })
    expect(await lockOf({})).toMatch(
      /names .*\.whl, which is not among the promoted files: .* promote again, or publish/,
    )
  })
})
