import { describe, expect, it } from 'vitest'
import type { Pointer } from '../../../src/channels/model.ts'
import { approvalsFor } from '../../../src/deploy/approvals-needed.ts'
import { type ApprovePorts, approveDeploy } from '../../../src/deploy/approve-deploy.ts'
import { headDocument, lockDocument } from '../../../src/deploy/documents.ts'
import { pendingChanges } from '../../../src/deploy/pending-changes.ts'
import { requestDeploy } from '../../../src/deploy/request-deploy.ts'
import type { Phase, Rollout } from '../../../src/deploy/rollout/model.ts'
import { finish, serviceDocument, start } from '../../../src/deploy/service-state.ts'
import type { Token } from '../../../src/identity/token.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { aRecord } from '../../support/file-record.ts'

const bytes = (n: number) => ({ filename: `app-${n}.whl`, sha256: n.toString(16).padStart(64, '0') })

/** A service whose deploys need two approvals; what is promoted there ends as one says. */
function aService(approvals: object | null = { needed: 2 }) {
  const documents = documentsOn(new MemoryStore())
  const ignore = () => undefined
  const ports = { documents, clock: new FakeClock(), queue: inProcessQueue(ignore), bus: inProcessBus(ignore) }
  const definition = aDefinition(approvals === null ? {} : { approvals })
  let serial = 0
  async function promote(version: string, more: Partial<Pointer> = {}) {
    const at = '2026-01-01T00:00:00Z'
    const pointer = { serial: ++serial, version, files: [bytes(1)], at, by: 'ci', attempt: `${serial}`, ...more }
    return await requestDeploy(ports, { service: 'web', definition, channel: 'production', pointer })
  }
  return {
    ports,
    promote,
    needed: async (version: string, more: Partial<Pointer> = {}) =>
      (await approvalsFor(documents, await promote(version, more))).approvals?.needed ?? 0,
    async ran(version: string, phase: Phase, more: Partial<Pointer> = {}) {
      const { deploy } = await promote(version, more)
      const [key, at] = [keys.service('web'), '2026-01-01T01:00:00Z']
      await documents.update(serviceDocument, key, (state) => state && start(state))
      const ended = { deploy, version, project: 'app' }
      await documents.update(serviceDocument, key, (state) => state && finish(state, ended, phase, at))
    },
  }
}

describe('the approvals that a deploy needs', () => {
  it('are those of its service, whoever promotes, by force too', async () => {
    expect(await aService(null).needed('1.0')).toBe(0)
    expect(await aService().needed('1.0')).toBe(2)
    expect(await aService().needed('1.0', { force: true })).toBe(2)
  })

  it('are none for what the service ran well before: on the way back nobody waits for a second pair of eyes', async () => {
    const service = aService()
    for (const version of ['1.0', '1.1']) await service.ran(version, 'succeeded')
    expect(await service.needed('1.0')).toBe(0)
    // Once more what it runs, as after a node was set up anew.
    expect(await service.needed('1.1')).toBe(0)
  })

  it('are none where somebody rolls back, though what ran before is the higher version', async () => {
    const service = aService()
    for (const version of ['1.1', '1.0']) await service.ran(version, 'succeeded')
    expect(await service.needed('1.1')).toBe(2)
    expect(await service.needed('1.1', { rollback: true, force: true })).toBe(0)
  })

  it.each([
    ['of a version that is only lower', '0.9', {}],
    ['of a version that failed there', '0.8', {}],
    ['of a version that got other files since', '1.0', { files: [bytes(1), bytes(2)] }],
    ['that goes on to what was rolled back since', '1.2', {}],
  ])('are all of them for a deploy %s', async (_what, version, more) => {
    const service = aService()
    await service.ran('0.8', 'failed')
    await service.ran('1.2', 'succeeded')
    for (const before of ['1.0', '1.1']) await service.ran(before, 'succeeded')
    expect(await service.needed(version, more)).toBe(2)
    expect(await service.needed('1.1', { files: [] })).toBe(0)
  })

  it('are asked for on the way back too, where the service says so, but never of a repair', async () => {
    const service = aService({ needed: 1, on_rollback: true })
    for (const version of ['1.0', '1.1']) await service.ran(version, 'succeeded')
    expect(await service.needed('1.0', { rollback: true })).toBe(1)
    const request = await service.promote('1.0')
    const repair = { ...request, deploy: 'web.production.1-repair-0a1b2c3d' }
    expect(await approvalsFor(service.ports.documents, repair)).toEqual({})
  })
})

const token = (name: string, user?: string): Token => ({
  ...{ id: name, name, hash: '', scopes: ['approve'], createdAt: '2026-01-01T00:00:00Z' },
  ...(user && { user }),
})

/** As it waits for two approvals: Ada's laptop uploaded it, and CI promoted it. */
async function waiting(change: Partial<Rollout> = {}) {
  const service = aService()
  const { deploy } = await service.promote('1.1', { files: [bytes(7)] })
  const { documents } = service.ports
  await documents.update(headDocument, keys.deployHead('web', deploy), (head) => {
    const gated = { approvals: { needed: 2, expireHours: 72 }, approveBy: service.ports.clock.now() + 72 * 3_600_000 }
    const nodes = [{ name: 'n1', state: 'ready' as const, nodeClass: 'c' }]
    return head && { ...head, phase: 'gated' as const, ...gated, nodes, ...change }
  })
  const files = [
    aRecord(7, { version: '1.1', uploadedBy: 'laptop' }),
    aRecord(8, { version: '1.1', uploadedBy: 'eve' }),
  ]
  const projects = {
    find: async () => ({ releases: new Map([['1.1', files]]) }),
  } as unknown as ApprovePorts['projects']
  const tokens = { list: async () => [token('laptop', 'ada'), token('phone', 'ada'), token('ci', 'jenkins')] }
  const approve = (by: string, account = by) =>
    approveDeploy({ ...service.ports, projects, tokens }, deploy, { by, account }, AbortSignal.abort())
  return { deploy, approve, documents, clock: service.ports.clock }
}

describe('approving a deploy', () => {
  it('counts each person once, whichever of their tokens they use, and says so again when it is asked again', async () => {
    const { approve } = await waiting()
    const first = await approve('bob')
    expect([first.changed, first.rollout.approved?.map(({ by }) => by)]).toEqual([true, ['bob']])
    for (const by of ['bob', "bob's phone"]) {
      const again = await approve(by, 'bob')
      expect([again.changed, again.rollout.approved?.length, again.rollout.phase]).toEqual([false, 1, 'gated'])
    }
    const second = await approve('carol')
    expect([second.changed, second.rollout.approved?.length, second.rollout.phase]).toEqual([true, 2, 'resolving'])
    // CI that lost the answer asks once more.
    expect((await approve('carol')).changed).toBe(false)
    await expect(approve('dave')).rejects.toThrow('it has all the approvals that it needs')
  })

  it('is not for who uploaded one of its files, by whatever token', async () => {
    const { approve } = await waiting()
    const text =
      '"ada" uploaded app-1.7-py3-none-any.whl and cannot approve it as well. Somebody else has to approve web'
    await expect(approve('laptop', 'ada')).rejects.toThrow(text)
    await expect(approve('phone', 'ada')).rejects.toThrow(text)
    // A file of the release that was not promoted is nobody's part in it.
    expect((await approve('eve')).changed).toBe(true)
  })

  it('is not for who promoted it, nor for the token by whose name it was', async () => {
    const { approve } = await waiting()
    await expect(approve('build', 'jenkins')).rejects.toThrow(
      '"jenkins" promoted app 1.1 and cannot approve it as well.',
    )
    await expect(approve('ci')).rejects.toThrow('"ci" promoted app 1.1')
  })

  it('comes too late after its time, though nobody has looked since', async () => {
    const { approve, deploy } = await waiting({ approveBy: 1 })
    await expect(approve('bob')).rejects.toThrow(`${deploy} cannot be approved: it is over (expired).`)
  })

  it('shows whoever is to approve what would change, by the locks', async () => {
    const before = { release: 'r', version: '1.0', healthy: true }
    const nodes = [
      { name: 'n1', state: 'ready' as const, nodeClass: 'c', before },
      { name: 'n2', state: 'ready' as const, nodeClass: 'c', before },
    ]
    const { documents, deploy } = await waiting({ nodes, locks: { c: 'd' } })
    const file = (project: string, version: string) => ({ project, version, url: '/x', sha256: '0'.repeat(64) })
    for (const [version, files] of [
      ['1.0', [file('app', '1.0'), file('six', '1'), file('old', '1')]],
      ['1.1', [file('app', '1.1'), file('six', '1'), file('new', '2')]],
    ] as const) {
      const lock = { project: 'app', version, nodeClass: 'c', digest: 'd', files: [...files], node: 'n1', at: '' }
      await documents.create(lockDocument, keys.lock('app', version, 'c'), lock)
    }
    const head = (await documents.read(headDocument, keys.deployHead('web', deploy)))?.value
    expect(head && (await pendingChanges(documents, head))).toEqual([
      {
        nodes: ['n1', 'n2'],
        changes: [
          { project: 'app', from: '1.0', to: '1.1' },
          { project: 'new', to: '2' },
          { project: 'old', from: '1' },
        ],
      },
    ])
  })
})
