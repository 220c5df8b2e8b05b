import { describe, expect, it } from 'vitest'
import type { Pointer } from '../../../src/channels/model.ts'
import { plan } from '../../../src/deploy/acts/plan.ts'
import { shownFreezes } from '../../../src/deploy/describe-freezes.ts'
import { controlsDocument, type DeployRequest } from '../../../src/deploy/documents.ts'
import { requestDeploy } from '../../../src/deploy/request-deploy.ts'
import { type FreezeRequest, freezeService, thawService } from '../../../src/deploy/service-freezes.ts'
import { serviceDocument, start } from '../../../src/deploy/service-state.ts'
import { fleets } from '../../../src/discovery/fleets.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const configured = { from: 'fri 16:00', to: 'mon 08:00', zone: 'Europe/Berlin', reason: 'weekend' }
const definition = aDefinition({ freezes: [configured] })

/** The clock stands in January 1970. */
function aService() {
  const documents = documentsOn(new MemoryStore())
  const ignore = () => undefined
  const ports = { documents, clock: new FakeClock(), queue: inProcessQueue(ignore), bus: inProcessBus(ignore) }
  let serial = 0
  return {
    ports,
    freeze: (more: Partial<FreezeRequest> = {}) =>
      freezeService(ports, 'web', { until: '1970-01-02T00:00', reason: 'audit', by: 'kim', ...more }),
    thaw: (id: string) => thawService(ports, 'web', { id, by: 'kim' }),
    shown: async (now = ports.clock.now()) =>
      shownFreezes(definition, (await documents.read(serviceDocument, keys.service('web')))?.value, now),
    /** A deploy that a worker has begun. */
    async runs(more: Partial<Pointer> = {}) {
      const at = '1970-01-01T00:00:00Z'
      const pointer = { serial: ++serial, version: '1.0', files: [], at, by: 'ci', attempt: `${serial}`, ...more }
      const request = await requestDeploy(ports, { service: 'web', definition, channel: 'production', pointer })
      await documents.update(serviceDocument, keys.service('web'), (state) => state && start(state))
      return request
    },
    told: async (deploy: string) =>
      ((await documents.read(controlsDocument, keys.deployControls('web', deploy)))?.value.controls ?? []).map(
        ({ kind, imposed }) => [kind, imposed?.freezes.map(({ reason }) => reason)],
      ),
  }
}

describe('a freeze that a person makes', () => {
  it('stands beside those of the configuration, each with where it comes from, until it is past or taken away', async () => {
    const service = aService()
    const once = await service.freeze()
    const nightly = await service.freeze({ from: '12:00', until: '13:00', zone: 'Europe/Berlin', reason: 'backups' })
    const { frozen, freezes } = await service.shown()
    expect(frozen).toBe('frozen until 1970-01-02 00:00 UTC (audit)')
    expect(freezes).toMatchObject([
      { source: 'configuration', id: null, from: 'fri 16:00', until: 'mon 08:00', reason: 'weekend', by: null },
      { source: 'api', id: once.id, until: '1970-01-02T00:00', zone: 'UTC', reason: 'audit', by: 'kim' },
      { source: 'api', id: nightly.id, from: '12:00', until: '13:00', zone: 'Europe/Berlin', reason: 'backups' },
    ])
    const later = await service.shown(Date.parse('1970-01-02T00:00Z'))
    expect(later.freezes.map(({ id }) => id)).toEqual([null, nightly.id])
    expect(await service.thaw(nightly.id)).toMatchObject({ reason: 'backups' })
    expect((await service.shown()).freezes.map(({ id }) => id)).toEqual([null, once.id])
  })

  it.each<[string, Partial<FreezeRequest>, string]>([
    ['is over already', { from: '1969-12-01T00:00', until: '1969-12-02T00:00' }, 'is over already'],
    ['ends before it begins', { until: '1969-12-02T00:00' }, 'ends before it begins'],
    ['mixes forms', { until: 'mon 08:00' }, 'from and to must both be'],
    ['has an unknown zone', { zone: 'Berlin' }, 'is no time zone that is known here'],
  ])('is refused where it %s', async (_what, request, problem) => {
    await expect(aService().freeze(request)).rejects.toThrow(problem)
  })

  it('is not taken away by another id', async () => {
    const service = aService()
    await service.freeze()
    await expect(service.thaw('x')).rejects.toThrow('web has no freeze "x". GET /services/web/freezes lists them')
  })

  it('is told to the deploy that runs, and so is its end; not to one that was made by force', async () => {
    const service = aService()
    const { deploy } = await service.runs()
    const { id } = await service.freeze()
    await service.thaw(id)
    expect(await service.told(deploy)).toEqual([
      ['freezes', ['audit']],
      ['freezes', []],
    ])
    const forced = aService()
    const request = await forced.runs({ force: true })
    await forced.freeze()
    expect(await forced.told(request.deploy)).toEqual([])
  })

  it('is in the plan of a deploy that begins in it, but for one that was made by force', async () => {
    const service = aService()
    const [request, forced] = [await service.runs(), { ...(await service.runs()), force: true }]
    await service.freeze()
    const { documents, clock } = service.ports
    const planned = async (of: DeployRequest) => {
      const rest = { discovery: fleets({}) } as unknown as Parameters<typeof plan>[0]
      const context = { ...rest, request: of, documents, clock }
      const outcome = await plan(context, AbortSignal.timeout(10_000))
      return outcome.ok && outcome.found?.kind === 'plan'
        ? outcome.found.imposed?.freezes.map(({ reason }) => reason)
        : outcome
    }
    expect([await planned(request), await planned(forced)]).toEqual([['audit'], undefined])
  })
})
