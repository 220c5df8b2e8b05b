import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { requestDocument } from '../../../src/deploy/documents.ts'
import { changeHold } from '../../../src/deploy/holds.ts'
import { lockKeyOf } from '../../../src/deploy/lock.ts'
import { pin } from '../../../src/deploy/pin.ts'
import { promoteToServices } from '../../../src/deploy/promote-services.ts'
import { relocksDocument } from '../../../src/deploy/relock.ts'
import { rollBack } from '../../../src/deploy/roll-back.ts'
import { freezeService, thawService } from '../../../src/deploy/service-freezes.ts'
import { serviceDocument } from '../../../src/deploy/service-state.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { registryOn } from '../../support/registry.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { aWheel } from '../../support/wheels.ts'

/** An index with three releases of app, and a service that subscribes to it. */
async function aSite(more: object = {}) {
  const registry = registryOn(new MemoryStore())
  const folder = await temporaryFolder('holds')
  for (const version of ['1.0', '1.1', '1.2']) {
    await registry.publish(aWheel({ name: 'app', version }), folder.path, { name: 'app', version })
  }
  const { documents, projects, amender } = registry
  const report = () => undefined
  const ports = {
    ...{ documents, projects, channels: ['production'], channelOrder: {}, clock: new FakeClock() },
    ...{ queue: inProcessQueue(report), bus: inProcessBus(report), services: { web: aDefinition(more) } },
  }
  const request = (version: string) => ({ project: 'app', version, channel: 'production', by: 'ci' })
  return {
    ports,
    amender,
    publish: (version: string, tags: readonly string[]) =>
      registry.publish(aWheel({ name: 'app', version, tags }), folder.path, { name: 'app', version }),
    promote: (version: string, more: object = {}) => promoteToServices(ports, { ...request(version), ...more }),
    hold: (reason: string) => changeHold(ports, 'web', { by: 'kim', at: '2026-11-25T20:00:00.000Z', reason }),
    rollBack: (hold = true, more: object = {}) =>
      rollBack(ports, { service: 'web', definition: aDefinition(), by: 'kim', hold, ...more }),
    pin: (version: string, changes: object = {}) =>
      pin(ports, { service: 'web', definition: aDefinition(more), by: 'kim', version, force: false, ...changes }),
    state: async () => (await documents.read(serviceDocument, keys.service('web')))?.value,
    history: async () =>
      ((await documents.read(channelsDocument, keys.channels('app')))?.value['production'] ?? []).map(
        ({ version }) => version,
      ),
    /** As after deploys that went well, in this order. */
    async ran(...versions: readonly string[]) {
      for (const version of versions) await promoteToServices(ports, { ...request(version), rollback: true })
      await documents.update(serviceDocument, keys.service('web'), (state) => {
        const recent = versions.map((version) => ({ deploy: version, version, phase: 'succeeded' as const, at: '' }))
        return state && { ...state, recent: recent.reverse() }
      })
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('a held service', () => {
  it('is promoted nothing to: the channel stays, and the refusal says who holds it, why, and what to do', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    await site.hold('the database is moved')
    await expect(site.promote('1.1')).rejects.toThrow(
      'web is held by "kim" since 2026-11-25 20:00 (the database is moved): nothing was promoted. Release it ' +
        '(POST /services/web/release), or promote by force ({"force": true}).',
    )
    expect(await site.history()).toEqual(['1.0'])
  })

  it('may be promoted what is there already, takes anything by force, and everything again once released', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    await site.hold('wait')
    expect((await site.promote('1.0.0')).changed).toBe(false)
    expect((await site.promote('1.1', { force: true })).deploys).toEqual(['web.production.2'])
    await changeHold(site.ports, 'web', undefined)
    expect((await site.promote('1.2')).changed).toBe(true)
  })
})

it('a held service takes no files that were added to the release that it has', async () => {
  await using site = await aSite()
  await site.promote('1.0')
  await site.hold('wait')
  await site.publish('1.0', ['py2-none-any'])
  await expect(site.promote('1.0')).rejects.toThrow('web is held')
})

describe('pinning a service', () => {
  it('promotes the release to its channel and holds it there, until it is released', async () => {
    await using site = await aSite()
    await site.promote('1.2')
    expect((await site.pin('1.1', { reason: 'slow' })).pointer).toMatchObject({ version: '1.1', by: 'kim' })
    expect((await site.state())?.hold).toMatchObject({ by: 'kim', reason: 'pinned to 1.1: slow' })
    await expect(site.promote('1.2')).rejects.toThrow('web is held by "kim"')
    // To be held where it is changes no channel.
    expect((await site.pin('1.1')).changed).toBe(false)
    expect((await site.state())?.hold?.reason).toBe('pinned to 1.1')
  })

  it('is refused as a promotion is, and holds nothing then', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    await site.amender.amend('app', { kind: 'yank', version: '1.1', reason: 'broken' }, 'kim')
    await expect(site.pin('1.1')).rejects.toThrow('was yanked by "kim"')
    await expect(site.pin('9.9')).rejects.toThrow('has no release 9.9')
    expect([await site.history(), (await site.state())?.hold]).toEqual([['1.0'], undefined])
    expect((await site.pin('1.1', { force: true })).pointer.version).toBe('1.1')
  })
})

describe('a frozen service', () => {
  // The clock of the tests stands a quarter of an hour after the epoch, on a Thursday.
  const freezes = [{ from: 'wed 16:00', to: 'fri 08:00', zone: 'Europe/Paris', reason: 'quarter end' }]

  it('is promoted nothing to but by force, and the refusal says until when and why', async () => {
    await using site = await aSite({ freezes })
    await expect(site.promote('1.0')).rejects.toThrow(
      'web is frozen until 1970-01-02 08:00 Europe/Paris (quarter end): nothing was promoted. Wait until then, or promote ' +
        'by force ({"force": true}).',
    )
    expect(await site.history()).toEqual([])
    expect((await site.promote('1.0', { force: true })).pointer).toMatchObject({ version: '1.0', force: true })
  })

  it('may have been frozen by a person, for which the same is true until it is thawed', async () => {
    await using site = await aSite()
    const { id } = await freezeService(site.ports, 'web', { until: '1970-01-02T00:00', reason: 'audit', by: 'kim' })
    await expect(site.promote('1.0')).rejects.toThrow('web is frozen until 1970-01-02 00:00 UTC (audit): nothing was')
    await thawService(site.ports, 'web', { id, by: 'kim' })
    expect((await site.promote('1.0')).changed).toBe(true)
  })

  it('may be rolled back, by a deploy that no freeze holds up', async () => {
    await using site = await aSite({ freezes })
    await site.ran('1.0', '1.1')
    const { pointer, deploys } = await site.rollBack()
    expect([pointer.version, pointer.force]).toEqual(['1.0', true])
    const request = await site.ports.documents.read(requestDocument, keys.deployRequest('web', deploys[0] ?? ''))
    expect(request?.value.force).toBe(true)
  })
})

describe('rolling a service back', () => {
  it('points its channel at what it ran well before, and holds it', async () => {
    await using site = await aSite()
    await site.ran('1.0', '1.1')
    expect((await site.rollBack()).pointer).toMatchObject({ version: '1.0', by: 'kim', reason: 'rolled back from 1.1' })
    expect((await site.state())?.hold).toMatchObject({ by: 'kim', reason: 'rolled back from 1.1' })
    await expect(site.promote('1.2')).rejects.toThrow('web is held')
  })

  it('goes back to what ran before a promotion that failed, also where the service is held, and may leave no hold', async () => {
    await using site = await aSite()
    await site.ran('1.0', '1.1')
    await site.promote('1.2')
    expect((await site.rollBack(false)).pointer.version).toBe('1.1')
    expect((await site.state())?.hold).toBeUndefined()
    await site.hold('by hand')
    expect((await site.rollBack()).pointer.version).toBe('1.0')
  })

  it('passes over what was yanked, and says so where nothing is left', async () => {
    await using site = await aSite()
    await site.ran('1.0', '1.1', '1.2')
    await site.amender.amend('app', { kind: 'yank', version: '1.1', reason: 'broken' }, 'kim')
    expect((await site.rollBack()).pointer.version).toBe('1.0')
    await using fresh = await aSite()
    await fresh.promote('1.0')
    await expect(fresh.rollBack()).rejects.toThrow('There is no earlier release of app that web ran well.')
  })

  it('passes over what was rolled back by itself since it ran well, and says so where nothing is left', async () => {
    await using site = await aSite()
    await site.ran('1.0', '1.1', '1.2')
    const condemn = (version: string) =>
      site.ports.documents.update(serviceDocument, keys.service('web'), (state) => {
        const condemned = [...(state?.condemned ?? []), { version, deploy: 'web.production.4', at: '' }]
        return state && { ...state, condemned }
      })
    await condemn('1.1')
    expect((await site.rollBack(false)).pointer.version).toBe('1.0')
    await condemn('1.0')
    await condemn('1.2')
    await expect(site.rollBack()).rejects.toThrow(
      'There is no earlier release of app that web ran well. Rolled back since they ran well: 1.2, 1.1. To try one again, ' +
        'promote it by its version.',
    )
  })
})

it('goes back no further when the same rollback is asked for twice', async () => {
  await using site = await aSite()
  await site.ran('1.0', '1.1', '1.2')
  const first = await site.rollBack(true, { attempt: 'once' })
  expect(first.pointer.version).toBe('1.1')
  expect((await site.rollBack(true, { attempt: 'once' })).pointer).toEqual(first.pointer)
  expect((await site.rollBack(true)).pointer.version).toBe('1.2')
})

describe('a promotion with a key', () => {
  it('is made once, and told the same again, even after others came', async () => {
    await using site = await aSite()
    const first = await site.promote('1.0', { attempt: 'build-7' })
    await site.promote('1.1')
    const again = await site.promote('1.0', { attempt: 'build-7' })
    expect([again.changed, again.pointer, again.deploys]).toEqual([true, first.pointer, first.deploys])
    expect(await site.history()).toEqual(['1.0', '1.1'])
  })

  it('that found the release there already does not bring it back later', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    expect((await site.promote('1.0', { attempt: 'build-8' })).changed).toBe(false)
    await site.promote('1.1')
    expect((await site.promote('1.0', { attempt: 'build-8' })).changed).toBe(false)
    expect(await site.history()).toEqual(['1.0', '1.1'])
  })

  it('is refused where the key was used for another release', async () => {
    await using site = await aSite()
    await site.promote('1.0', { attempt: 'build-9' })
    await expect(site.promote('1.1', { attempt: 'build-9' })).rejects.toThrow(
      /This Idempotency-Key was used to promote 1\.0 on .* Use another one for 1\.1\./,
    )
  })
})

describe('a yanked release', () => {
  it('is promoted by force alone', async () => {
    await using site = await aSite()
    await site.amender.amend('app', { kind: 'yank', version: '1.1', reason: 'broken' }, 'kim')
    await expect(site.promote('1.1')).rejects.toThrow('was yanked by "kim"')
    expect((await site.promote('1.1', { force: true })).pointer.files).toHaveLength(1)
  })
})

describe('pinning a release anew', () => {
  const requestIn = async (site: Awaited<ReturnType<typeof aSite>>, deploy: string) =>
    (await site.ports.documents.read(requestDocument, keys.deployRequest('web', deploy)))?.value
  const lockOf = async (site: Awaited<ReturnType<typeof aSite>>, deploy: string) => {
    const request = await requestIn(site, deploy)
    return request && lockKeyOf(request, 'c')
  }

  it('is a promotion of what is there already, with locks of its own; deploys from before keep theirs', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    const { changed, deploys } = await site.promote('1.0', { relock: true, reason: 'a hole in urllib3' })
    expect([changed, deploys]).toEqual([true, ['web.production.2']])
    expect(await lockOf(site, 'web.production.1')).toBe('locks/app/1.0/c.json')
    expect(await lockOf(site, 'web.production.2')).toBe('locks/app/1.0/c-r1.json')
    await site.promote('1.1')
    await site.promote('1.0')
    // Whoever comes back gets what was pinned last.
    expect(await lockOf(site, 'web.production.4')).toBe('locks/app/1.0/c-r1.json')
    expect(await lockOf(site, 'web.production.3')).toBe('locks/app/1.1/c.json')
  })

  it('is done once for a request that is sent twice', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    await site.promote('1.0', { relock: true, attempt: 'key-1' })
    const { deploys } = await site.promote('1.0', { relock: true, attempt: 'key-1' })
    expect(deploys).toEqual(['web.production.2'])
    expect((await site.ports.documents.read(relocksDocument, keys.relocks('app', '1.0')))?.value).toMatchObject({
      generation: 1,
      asked: [{ by: 'ci' }],
    })
  })

  it('is refused for a service that is held', async () => {
    await using site = await aSite()
    await site.promote('1.0')
    await site.hold('wait')
    await expect(site.promote('1.0', { relock: true })).rejects.toThrow('web is held by "kim"')
    expect(await site.ports.documents.read(relocksDocument, keys.relocks('app', '1.0'))).toBeUndefined()
  })
})
