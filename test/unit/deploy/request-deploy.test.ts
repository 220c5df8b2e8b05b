import { describe, expect, it } from 'vitest'
import { channelsDocument, type Pointer } from '../../../src/channels/model.ts'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { promoteToServices } from '../../../src/deploy/promote-services.ts'
import { reconciler } from '../../../src/deploy/reconcile.ts'
import { requestDeploy } from '../../../src/deploy/request-deploy.ts'
import type { Phase } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import { finish, serviceDocument, start } from '../../../src/deploy/service-state.ts'
import { readRollout } from '../../../src/deploy/watch.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { registryOn } from '../../support/registry.ts'

function world() {
  const reported: unknown[] = []
  const report = (error: unknown) => void reported.push(error)
  const store = new MemoryStore()
  const documents = documentsOn(store)
  return {
    documents,
    projects: registryOn(store).projects,
    audit: { record: async () => undefined },
    queue: inProcessQueue(report),
    bus: inProcessBus(report),
    clock: systemClock,
    services: { web: aDefinition() },
    report,
    reported,
  }
}

type World = ReturnType<typeof world>

const aPointer = (serial: number, version: string): Pointer => ({
  serial,
  version,
  files: [{ filename: `app-${version}-py3-none-any.whl`, sha256: 'a'.repeat(64) }],
  at: '2026-11-25T00:00:00Z',
  by: 'ci',
  attempt: `${serial}`,
})
const promoted = (serial: number, version: string, project = 'app') => ({
  service: 'web',
  definition: aDefinition({ project }),
  channel: 'production',
  pointer: aPointer(serial, version),
})

/** As a worker would bring it about. */
async function ends({ documents }: World, deploy: string, phase: Phase): Promise<void> {
  await documents.update(serviceDocument, keys.service('web'), (state) => state && start(state))
  const head = await readRollout(documents, deploy)
  await documents.update(headDocument, keys.deployHead('web', deploy), () => ({ ...head, phase }))
  await documents.update(serviceDocument, keys.service('web'), (state) => state && finish(state, head, phase, ''))
}

const stateIn = async ({ documents }: World) => (await documents.read(serviceDocument, keys.service('web')))?.value

describe('the deploy of a promotion', () => {
  it('is one, however often it is asked for', async () => {
    const here = world()
    const [first, second] = [
      await requestDeploy(here, promoted(1, '1.0')),
      await requestDeploy(here, promoted(1, '1.0')),
    ]
    expect(second).toEqual(first)
    expect(first.deploy).toBe('web.production.1')
    expect(await stateIn(here)).toMatchObject({ waiting: 'web.production.1', closing: [], recent: [] })
  })

  it('is another one where the service was given another project whose channel counts the same', async () => {
    const here = world()
    await requestDeploy(here, promoted(1, '1.0'))
    await ends(here, 'web.production.1', 'succeeded')
    const other = await requestDeploy(here, promoted(1, '9.0', 'acme-app'))
    expect(other).toMatchObject({ project: 'acme-app', version: '9.0' })
    expect(other.deploy).toMatch(/^web\.production\.1-[0-9a-f]{8}$/)
    expect(await readRollout(here.documents, other.deploy)).toMatchObject({ project: 'acme-app', phase: 'queued' })
    expect(await stateIn(here)).toMatchObject({ waiting: other.deploy, desired: { version: '9.0' } })
    // And back again: the first project's next promotion.
    const back = await requestDeploy(here, promoted(2, '1.1'))
    expect([back.deploy, back.project]).toEqual(['web.production.2', 'app'])
  })

  it('has attempts whose names no fresh store repeats, though its ids are the same', async () => {
    const attempts = await Promise.all(
      [world(), world()].map(async (here) => {
        const { deploy } = await requestDeploy(here, promoted(1, '1.0'))
        const rollout = step(await readRollout(here.documents, deploy), { kind: 'begin' }, 0)
        return rollout.effects.map(({ attempt }) => attempt)
      }),
    )
    expect(attempts.map((of) => of.length)).toEqual([1, 1])
    expect(attempts[0]).not.toEqual(attempts[1])
  })

  it('tells the one that waited so, in its own document, with what took its place', async () => {
    const here = world()
    for (const serial of [1, 2]) await requestDeploy(here, promoted(serial, `1.${serial}`))
    expect(await readRollout(here.documents, 'web.production.1')).toMatchObject({
      phase: 'superseded',
      reason: expect.stringContaining('web.production.2'),
    })
    expect(await stateIn(here)).toMatchObject({ waiting: 'web.production.2', closing: [] })
  })
})

it('goes back to an older release that a person promotes while a newer one rolls: that comes next', async () => {
  const here = world()
  await requestDeploy(here, promoted(1, '2.0'))
  await here.documents.update(serviceDocument, keys.service('web'), (state) => state && start(state))
  await requestDeploy(here, promoted(2, '1.0'))
  expect(await stateIn(here)).toMatchObject({ running: 'web.production.1', waiting: 'web.production.2' })
  await ends(here, 'web.production.1', 'succeeded')
  await ends(here, 'web.production.2', 'succeeded')
  expect(await stateIn(here)).toMatchObject({ desired: { version: '1.0' }, stable: { version: '1.0' } })
})

describe('trying a failed release again', () => {
  it('appends one promotion, by however many at once it is asked for', async () => {
    const here = world()
    const pointer = { ...aPointer(1, '1.0') }
    await here.documents.create(channelsDocument, keys.channels('app'), { production: [pointer] })
    await requestDeploy(here, promoted(1, '1.0'))
    await ends(here, 'web.production.1', 'failed')
    const project = { name: 'app', head: {}, releases: new Map([['1.0', pointer.files]]) }
    const ports = {
      ...here,
      channels: ['production'],
      channelOrder: {},
      projects: { get: async () => project } as never,
    }
    const request = { project: 'app', version: '1.0', channel: 'production', by: 'ci' }
    const answers = await Promise.all([1, 2, 3].map(() => promoteToServices(ports, request)))
    expect(answers.map(({ deploys }) => deploys)).toEqual(answers.map(() => ['web.production.2']))
    const history = await here.documents.read(channelsDocument, keys.channels('app'))
    expect(history?.value['production']?.map(({ serial }) => serial)).toEqual([1, 2])
  })
})

describe('looking for work', () => {
  it('goes on with the other services where the documents of one cannot be read, and says so once', async () => {
    const here = world()
    const services = { bad: aDefinition({ project: 'broken' }), web: aDefinition() }
    await here.documents.store.write(keys.channels('broken'), Buffer.from('no document'), 'absent')
    await here.documents.store.write(keys.service('odd'), Buffer.from('no document'), 'absent')
    await here.documents.create(channelsDocument, keys.channels('app'), { production: [aPointer(1, '1.0')] })
    const reconcile = reconciler({ ...here, services })
    for (let look = 0; look < 3; look++) expect(await reconcile()).toEqual(['web'])
    expect(here.reported.map(String)).toEqual([
      expect.stringMatching(/bad: looking at its channel failed, the other services go on: .*cannot be read/),
      expect.stringMatching(/odd: reading its document failed/),
    ])
  })
})
