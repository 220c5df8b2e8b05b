import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { changeHold } from '../../../src/deploy/holds.ts'
import { promoteToServices } from '../../../src/deploy/promote-services.ts'
import { reconciler } from '../../../src/deploy/reconcile.ts'
import { rollBack } from '../../../src/deploy/roll-back.ts'
import type { Phase } from '../../../src/deploy/rollout/model.ts'
import { finish, serviceDocument, start } from '../../../src/deploy/service-state.ts'
import { channelOf } from '../../../src/deploy/subscriptions.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import type { ObjectStore } from '../../../src/objects/object-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { mortalStore } from '../../support/mortal-store.ts'
import { registryOn } from '../../support/registry.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts'
import { anSdist, aWheel } from '../../support/wheels.ts'

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await temporaryFolder('upload-trigger')
})
afterAll(() => folder[Symbol.asyncDispose]())

const channel = 'upload:web'

/** An index and a service that follows its uploads; time passes where a test says so. */
function aSite(upload: object = {}, more: object = {}) {
  const store = new MemoryStore()
  let now = Date.parse('2026-11-26T03:00:00Z')
  const clock = { ...systemClock, now: () => now }
  const registry = registryOn(store, clock)
  const definition = aDefinition({ subscribe: { upload: { settle_seconds: 30, ...upload } }, ...more })
  const audit: unknown[] = []
  const services = { web: definition }
  const serverOn = (on: ObjectStore) => {
    const report = (error: unknown) => {
      throw error
    }
    return {
      ...{ documents: documentsOn(on), projects: registryOn(on).projects, clock, report, services },
      ...{ queue: inProcessQueue(report), bus: inProcessBus(report), channels: ['production'], channelOrder: {} },
      audit: { record: async (event: unknown) => void audit.push(event) },
    }
  }
  const ports = serverOn(store)
  const { documents } = ports
  const state = async () => (await documents.read(serviceDocument, keys.service('web')))?.value
  return {
    ...{ ports, definition, audit, state, store, serverOn, amender: registry.amender },
    pass(seconds: number) {
      now += seconds * 1000
    },
    async upload(version: string, tags: readonly string[] = ['py3-none-any']) {
      await registry.publish(aWheel({ name: 'app', version, tags }), folder.path, { name: 'app', version })
    },
    sdist: (version: string) =>
      registry.publish(anSdist({ name: 'app', version }), folder.path, { name: 'app', version }),
    look: () => reconciler(ports)(),
    history: async () =>
      ((await documents.read(channelsDocument, keys.channels('app')))?.value[channel] ?? []).map(
        ({ version }) => version,
      ),
    /** The deploy that waits ends so. */
    async ends(phase: Phase) {
      await documents.update(serviceDocument, keys.service('web'), (current) => current && start(current))
      const { running: deploy = '', desired } = (await state()) ?? {}
      await documents.update(headDocument, keys.deployHead('web', deploy), (head) => head && { ...head, phase })
      const ended = { deploy, version: desired?.version ?? '', project: 'app' }
      await documents.update(serviceDocument, keys.service('web'), (at) => at && finish(at, ended, phase, '2026'))
    },
  }
}

/** Uploaded, settled, deployed. */
async function deployed(site: ReturnType<typeof aSite>, version: string, phase: Phase = 'succeeded') {
  await site.upload(version)
  site.pass(31)
  await site.look()
  await site.ends(phase)
}

describe('a service that follows uploads', () => {
  it('gets one deploy of a release, however many files it has, once nothing was added for a while', async () => {
    const site = aSite()
    await site.upload('1.0')
    site.pass(20)
    await site.upload('1.0', ['py2-none-any'])
    site.pass(20)
    expect(await site.look()).toEqual([])
    site.pass(11)
    for (let look = 0; look < 3; look++) expect(await site.look()).toEqual(['web'])
    expect(await site.state()).toMatchObject({ waiting: 'web.upload.1', desired: { version: '1.0' } })
    await site.ends('succeeded')
    await site.upload('1.0', ['py310-none-any'])
    site.pass(60)
    expect(await site.look()).toEqual([])
    expect(site.audit).toEqual([
      expect.objectContaining({
        action: 'promote',
        version: '1.0',
        subject: 'web',
        actor: expect.objectContaining({ name: 'ci' }),
      }),
    ])
  })

  it('takes of several releases the newest that it wants: no pre-release, nothing outside of its versions', async () => {
    const site = aSite({ versions: '>=1.1,<2' })
    for (const version of ['1.1', '1.3rc1', '2.0', '1.2', '1.0']) await site.upload(version)
    site.pass(31)
    await site.look()
    expect(await site.history()).toEqual(['1.2'])
    const eager = aSite({ prereleases: true })
    for (const version of ['1.2', '1.3rc1']) await eager.upload(version)
    eager.pass(31)
    await eager.look()
    expect(await eager.history()).toEqual(['1.3rc1'])
  })

  it('is never given a lower version than it has, also while the newer one is under way', async () => {
    const site = aSite()
    await site.upload('2.0')
    site.pass(31)
    await site.look()
    await site.upload('1.9')
    site.pass(31)
    await site.look()
    await site.ends('succeeded')
    await site.look()
    expect(await site.history()).toEqual(['2.0'])
  })

  it('takes a newer one while an older one rolls: one waits, and the newest wins', async () => {
    const site = aSite()
    await deployed(site, '1.0')
    for (const version of ['1.1', '1.2', '1.3']) {
      await site.upload(version)
      site.pass(31)
      await site.look()
    }
    expect(await site.state()).toMatchObject({
      waiting: 'web.upload.4',
      recent: [{ phase: 'superseded' }, { phase: 'superseded' }, { phase: 'succeeded' }],
    })
  })

  it('gets nothing that was yanked, nothing of a quarantined project, and nothing without a wheel', async () => {
    const site = aSite()
    await site.upload('1.0')
    await site.upload('1.1')
    await site.sdist('1.2')
    await site.amender.amend('app', { kind: 'yank', version: '1.1', reason: 'broken' }, 'kim')
    await site.amender.amend('app', { kind: 'status', status: 'quarantined', reason: 'odd' }, 'kim')
    site.pass(31)
    await site.look()
    expect(await site.history()).toEqual([])
    await site.amender.amend('app', { kind: 'status', status: 'active', reason: 'fine' }, 'kim')
    await site.look()
    expect(await site.history()).toEqual(['1.0'])
  })

  it('gets nothing while it is held, and the newest once it is released', async () => {
    const site = aSite()
    await changeHold(site.ports, 'web', { by: 'kim', at: '2026-11-26T02:00:00Z' })
    for (const version of ['1.0', '1.1']) await site.upload(version)
    site.pass(60)
    await site.look()
    expect(await site.history()).toEqual([])
    await changeHold(site.ports, 'web', undefined)
    await site.look()
    expect(await site.history()).toEqual(['1.1'])
  })
})

it('gets nothing in a freeze, and the newest after it', async () => {
  const freeze = { from: '2026-11-26T03:00', to: '2026-11-26T03:10' }
  const site = aSite({}, { freezes: [freeze] })
  await site.upload('1.0')
  site.pass(599)
  await site.look()
  expect(await site.history()).toEqual([])
  site.pass(1)
  await site.look()
  expect(await site.history()).toEqual(['1.0'])
})

describe('after a release was rolled back by itself', () => {
  it('nothing is deployed by itself until it is released, and that release never again', async () => {
    const site = aSite()
    await deployed(site, '1.0')
    await deployed(site, '2.0', 'rolled_back')
    await site.upload('2.1')
    site.pass(31)
    expect(await site.look()).toEqual([])
    expect(await site.state()).toMatchObject({
      automaticHold: { by: 'web.upload.2', reason: '2.0 was rolled back' },
      condemned: [{ version: '2.0' }],
    })
    await site.amender.amend('app', { kind: 'yank', version: '2.1', reason: 'the same mistake' }, 'kim')
    expect(await changeHold(site.ports, 'web', undefined)).toMatchObject({ by: 'web.upload.2' })
    await site.look()
    expect(await site.history()).toEqual(['1.0', '2.0'])
    // Above what it has, which is 1.0.
    await site.upload('1.1')
    site.pass(31)
    await site.look()
    expect(await site.history()).toEqual(['1.0', '2.0', '1.1'])
  })

  it('a person may deploy it all the same, and where that succeeds all is as before', async () => {
    const site = aSite()
    await deployed(site, '1.0')
    await deployed(site, '2.0', 'rolled_back')
    const request = { project: 'app', version: '2.0', channel, by: 'kim' }
    expect((await promoteToServices(site.ports, request)).deploys).toEqual(['web.upload.3'])
    await site.look()
    await site.ends('succeeded')
    expect(await site.state()).toMatchObject({ stable: { version: '2.0' }, condemned: [] })
    await deployed(site, '2.1')
    expect((await site.state())?.stable?.version).toBe('2.1')
  })
})

it('is rolled back by a person like any other, and what it was taken back from does not come again by itself', async () => {
  const site = aSite()
  await deployed(site, '1.0')
  await deployed(site, '1.1')
  const { definition } = site
  const back = await rollBack(site.ports, { service: 'web', definition, by: 'kim', hold: false })
  expect([back.pointer.version, back.deploys]).toEqual(['1.0', ['web.upload.3']])
  await site.ends('succeeded')
  await site.look()
  expect(await site.history()).toEqual(['1.0', '1.1', '1.0'])
})

describe('whoever looks', () => {
  it('of two servers that look at once one moves the channel, and there is one deploy', async () => {
    const site = aSite()
    await site.upload('1.0')
    site.pass(31)
    await Promise.all([1, 2, 3].map(() => reconciler(site.serverOn(site.store))()))
    expect(await site.history()).toEqual(['1.0'])
    expect(await site.state()).toMatchObject({ waiting: 'web.upload.1', recent: [] })
    expect(site.audit).toHaveLength(1)
  })

  it('goes on where another died, wherever that was', async () => {
    const calls = await diesAt(Number.POSITIVE_INFINITY)
    expect(calls).toBeGreaterThan(8)
    for (let at = 1; at <= calls; at++) {
      await diesAt(at, 'dies-before')
      await diesAt(at, 'dies-after')
    }
  })
})

/** Before or after this call of the store. Answers with how many calls there were. */
async function diesAt(at: number, how: 'dies-before' | 'dies-after' = 'dies-before'): Promise<number> {
  const site = aSite()
  await site.upload('1.0')
  site.pass(31)
  const mortal = mortalStore(site.store, (call) => (call === at ? how : 'goes'), true)
  let done = false
  void reconciler(site.serverOn(mortal.store))().finally(() => {
    done = true
  })
  while (!done && !mortal.isDead()) await new Promise((resolve) => setImmediate(resolve))
  await site.look()
  expect(await site.history()).toEqual(['1.0'])
  expect(await site.state()).toMatchObject({ waiting: 'web.upload.1', recent: [] })
  return mortal.calls()
}

it('has a channel that no configured one is named like', () => {
  expect(channelOf('web', aDefinition({ subscribe: { upload: {} } }))).toBe('upload:web')
})
