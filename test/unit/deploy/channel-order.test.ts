import { describe, expect, it } from 'vitest'
import { promoteToServices } from '../../../src/deploy/promote-services.ts'
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

const minute = 60_000

/** app 1.0 and 1.1; production takes what was stable for an hour on the service of staging. */
async function aSite(services: Record<string, string> = { trial: 'staging', web: 'production' }) {
  const registry = registryOn(new MemoryStore())
  const folder = await temporaryFolder('order')
  const publish = (version: string, tags?: readonly string[]) =>
    registry.publish(aWheel({ name: 'app', version, ...(tags && { tags }) }), folder.path, { name: 'app', version })
  for (const version of ['1.0', '1.1']) await publish(version)
  const { documents, projects } = registry
  const clock = new FakeClock()
  const report = () => undefined
  const defined = Object.entries(services).map(([name, channel]) => [
    name,
    aDefinition({ subscribe: { promote: channel } }),
  ])
  const ports = {
    ...{ documents, projects, clock, channels: ['production', 'staging'] },
    ...{ queue: inProcessQueue(report), bus: inProcessBus(report), services: Object.fromEntries(defined) },
    channelOrder: { production: { after: 'staging', stableFor: 60 * minute } },
  }
  return {
    publish,
    promote: (version: string, channel = 'production', more: object = {}) =>
      promoteToServices(ports, { project: 'app', version, channel, by: 'ci', ...more }),
    /** As when the deploy of the trial succeeds just now. */
    async becameStable(deploy: string, version: string) {
      const at = new Date(clock.now()).toISOString()
      await documents.update(serviceDocument, keys.service('trial'), (state) => {
        const recent = [{ deploy, version, project: 'app', phase: 'succeeded' as const, at }]
        return state && { ...state, stable: { deploy, version, project: 'app' }, recent }
      })
    },
    pass: (minutes: number) => clock.passUntil(asleep(clock, minutes), minutes * 60),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** Whether so many minutes of the fake clock are over. */
function asleep(clock: FakeClock, minutes: number): () => boolean {
  let over = false
  void clock.sleep(minutes * minute).then(() => {
    over = true
  })
  return () => over
}

describe('a channel that comes after another', () => {
  it('takes a release once it was stable there for long enough, and says what is missing until then', async () => {
    await using site = await aSite()
    await expect(site.promote('1.0')).rejects.toThrow(
      'production takes only what was stable on staging before, and app 1.0 was never promoted there. Nothing was promoted.',
    )
    const { deploys } = await site.promote('1.0', 'staging')
    await expect(site.promote('1.0')).rejects.toThrow('app 1.0 has not become stable on trial')
    await site.becameStable(deploys[0] ?? '', '1.0')
    await site.pass(20)
    await expect(site.promote('1.0')).rejects.toThrow('has to be so for 40 more minutes')
    await site.pass(40)
    expect((await site.promote('1.0')).changed).toBe(true)
  })

  it('takes neither what is not there any more, nor files that were added since', async () => {
    await using site = await aSite()
    const { deploys } = await site.promote('1.0', 'staging')
    await site.becameStable(deploys[0] ?? '', '1.0')
    await site.pass(90)
    await expect(site.promote('1.1')).rejects.toThrow('app 1.1 is not what is promoted there now (1.0)')
    await site.publish('1.0', ['py2-none-any'])
    await expect(site.promote('1.0')).rejects.toThrow('app 1.0 has other files there')
  })

  it('takes back at any time what it had before, and anything by force', async () => {
    await using site = await aSite()
    const { deploys } = await site.promote('1.0', 'staging')
    await site.becameStable(deploys[0] ?? '', '1.0')
    await site.pass(90)
    await site.promote('1.0')
    expect((await site.promote('1.1', 'production', { force: true })).changed).toBe(true)
    expect((await site.promote('1.0')).pointer.version).toBe('1.0')
  })

  it('counts from the promotion where no service subscribes to the one before', async () => {
    await using site = await aSite({ web: 'production' })
    await site.promote('1.0', 'staging')
    await expect(site.promote('1.0')).rejects.toThrow('has to be so for 60 more minutes')
    await site.pass(60)
    expect((await site.promote('1.0')).changed).toBe(true)
  })
})
