import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { isDue, type ObservedNode, standingOf } from '../../../src/deploy/convergence/observation.ts'
import { repair } from '../../../src/deploy/convergence/repair.ts'
import { toRepair } from '../../../src/deploy/convergence/repair-decision.ts'
import { theOne } from '../../../src/deploy/desired.ts'
import { headDocument, requestDocument } from '../../../src/deploy/documents.ts'
import { newServiceState, type ServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const at = (minute: number) => new Date(minute * 60_000).toISOString()
const stable = { version: '1.1.0', deploy: 'web.production.7' }
const ended = (deploy: string, phase: 'succeeded' | 'rolled_back' | 'failed', minute: number) => ({
  ...{ deploy, version: '1.1.0', phase, at: at(minute) },
})
const idle: ServiceState = {
  ...newServiceState(),
  stable,
  desired: stable,
  recent: [ended(stable.deploy, 'succeeded', 1)],
}
const observation = { claimed: at(10), by: 'w', at: at(10), nodes: [] }

describe('looking at the nodes of a service', () => {
  it.each<[string, Omit<ObservedNode, 'name'>, string]>([
    ['runs it', { version: '1.1.0', told: 'v1.1' }, 'ok'],
    ['runs another', { version: '1.0.0', told: '1.0.0' }, 'other'],
    ['was switched by hand, and not restarted', { version: '1.1.0', told: '1.0.0' }, 'other'],
    ['was restarted on what lies there, and the link taken back', { version: '1.0.0', told: '1.1.0' }, 'other'],
    ['does not answer', { version: '1.1.0' }, 'silent'],
    ['joined, and has nothing yet', {}, 'empty'],
    ['is out of reach', { problem: 'cannot be reached' }, 'unreachable'],
  ])('tells a node that %s', (_what, node, standing) => {
    expect(standingOf({ name: 'web1', ...node }, '1.1.0')).toBe(standing)
  })

  it('is done after a while, after each deploy, and never beside one', () => {
    const minute = 60_000
    expect(isDue(undefined, idle, 2 * minute, 5 * minute)).toBe(true)
    expect(isDue(observation, idle, 14 * minute, 5 * minute)).toBe(false)
    expect(isDue(observation, idle, 15 * minute, 5 * minute)).toBe(true)
    const after = { ...idle, recent: [ended('web.production.8', 'rolled_back', 12)] }
    expect(isDue(observation, after, 13 * minute, 5 * minute)).toBe(true)
    expect(isDue(observation, { ...after, running: 'web.production.9' }, 13 * minute, 5 * minute)).toBe(false)
    // The clock was set back by hours: nobody waits until it is as late again.
    expect(isDue({ ...observation, claimed: at(600) }, idle, 14 * minute, 5 * minute)).toBe(true)
    expect(isDue(undefined, newServiceState(), 2 * minute, 5 * minute)).toBe(false)
    expect(isDue(undefined, idle, 2 * minute, 0)).toBe(false)
  })
})

describe('repairing drift', () => {
  const drifted = [
    { name: 'web1', standing: 'ok' },
    { name: 'web2', standing: 'other' },
    { name: 'web3', standing: 'unreachable' },
  ] as const
  const now = 20 * 60_000
  it.each<[string, Partial<ServiceState>, readonly string[]]>([
    ['is of those that it can reach', {}, ['web2']],
    ['waits for a deploy that runs', { running: 'web.production.8' }, []],
    ['waits for a deploy that waits', { waiting: 'web.production.8' }, []],
    ['respects a hold', { hold: { by: 'alice', at: at(3) } }, []],
    ['follows a deploy that was rolled back', { recent: [ended('web.production.8', 'rolled_back', 19)] }, ['web2']],
    ['leaves what a person is to look at', { recent: [ended('web.production.8', 'failed', 19)] }, []],
    ['is not tried again where it failed', { recent: [ended('web.production.7-repair-a', 'rolled_back', 1)] }, []],
    [
      'is done again though the clock was set back',
      { recent: [ended('web.production.7-repair-a', 'succeeded', 600)] },
      ['web2'],
    ],
    ['is not done all the time', { recent: [ended('web.production.7-repair-a', 'succeeded', 19)] }, []],
  ])('%s', (_what, state, nodes) => {
    expect(toRepair({ ...idle, ...state }, drifted, now)).toEqual(nodes)
  })

  async function aStore(state: ServiceState) {
    const documents = documentsOn(new MemoryStore())
    const pointer = { serial: 7, version: '1.1.0', files: [], at: at(0), by: 'ci', attempt: 'a' }
    const newer = { ...pointer, serial: 8, version: '1.2.0', attempt: 'b' }
    await documents.create(channelsDocument, keys.channels('app'), { production: [pointer, newer] })
    await documents.create(serviceDocument, keys.service('web'), state)
    const report = (error: unknown) => {
      throw error
    }
    return { documents, clock: new FakeClock(), queue: inProcessQueue(report), bus: inProcessBus(report) }
  }
  const seen = { ...observation, nodes: [{ name: 'n2', version: '1.0.0', told: '1.0.0' }] }

  it('is an ordinary deploy of what ran well last, whatever the channel points at, once for one look', async () => {
    const ports = await aStore(idle)
    const definition = aDefinition({ converge: { repair: true } })
    const id = await repair(ports, 'web', definition, seen)
    expect(id).toMatch(/^web\.production\.7-repair-[0-9a-f]{8}$/)
    const request = await ports.documents.read(requestDocument, keys.deployRequest('web', id ?? ''))
    expect(request?.value).toMatchObject({ version: '1.1.0', by: 'convergence', reason: 'drift on n2' })
    expect((await ports.documents.read(serviceDocument, keys.service('web')))?.value.waiting).toBe(id)
    expect(await repair(ports, 'web', definition, seen)).toBeUndefined()
  })

  it('leaves nothing behind where it is refused, be it that another deploy came just then', async () => {
    const definition = aDefinition({ converge: { repair: true } })
    const heads = async ({ documents: { store } }: Awaited<ReturnType<typeof aStore>>) => {
      const keys: string[] = []
      for await (const { key } of store.list('deploys/')) keys.push(key)
      return keys
    }
    const ports = await aStore(idle)
    const calm = ports.documents.read
    let reads = 0
    // The service's document is read first by the repair itself: from then on a deploy runs.
    const late = (from: number) => ({
      ...ports,
      documents: {
        ...ports.documents,
        read: (async (type, key) => {
          if (key === keys.service('web') && ++reads === from) {
            await ports.documents.update(
              serviceDocument,
              key,
              (state) => state && { ...state, running: 'web.production.9' },
            )
          }
          return await calm(type, key)
        }) as typeof calm,
      },
    })
    expect(await repair(late(2), 'web', definition, seen)).toBeUndefined()
    expect(await heads(ports)).toEqual([])
  })

  it('closes what it began where another deploy came between its look and its write', async () => {
    const definition = aDefinition({ converge: { repair: true } })
    const ports = await aStore(idle)
    const create = (async (type, key, value) => {
      const made = await ports.documents.create(type, key, value)
      await ports.documents.update(
        serviceDocument,
        keys.service('web'),
        (state) => state && { ...state, running: 'web.production.9' },
      )
      return made
    }) as typeof ports.documents.create
    expect(
      await repair({ ...ports, documents: { ...ports.documents, create } }, 'web', definition, seen),
    ).toBeUndefined()
    const { running, waiting } = (await ports.documents.read(serviceDocument, keys.service('web')))?.value ?? {}
    expect([running, waiting]).toEqual(['web.production.9', undefined])
    const left: string[] = []
    for await (const { key } of ports.documents.store.list('deploys/')) {
      const head = key.endsWith('/head.json') ? await ports.documents.read(headDocument, key) : undefined
      if (head !== undefined) left.push(head.value.phase)
    }
    expect(left).toEqual(['superseded'])
  })

  it('waits for the end of a freeze', async () => {
    const freezes = [{ from: '1969-12-31T00:00', to: '2999-01-01T00:00', zone: 'UTC' }]
    const definition = aDefinition({ converge: { repair: true }, freezes })
    expect(await repair(await aStore(idle), 'web', definition, seen)).toBeUndefined()
  })

  it('is done only where the service says so', async () => {
    expect(await repair(await aStore(idle), 'web', aDefinition(), seen)).toBeUndefined()
  })
})

describe('what a node that boots should run', () => {
  const cpython = { digest: 'a'.repeat(64), pythons: ['3.11.2'], nodes: ['web1'] }
  const pypy = { digest: 'b'.repeat(64), pythons: ['3.1.9'], nodes: ['web2'] }
  it('is told where there is one class of node, and by version, class or node where there are several', () => {
    expect(theOne([cpython], {}, 'web')).toBe(cpython)
    expect(theOne([cpython, pypy], { python: '3.11' }, 'web')).toBe(cpython)
    expect(theOne([cpython, pypy], { python: '3.1' }, 'web')).toBe(pypy)
    expect(theOne([cpython, pypy], { nodeClass: 'bb' }, 'web')).toBe(pypy)
    expect(theOne([cpython, pypy], { node: 'web2' }, 'web')).toBe(pypy)
  })

  it('is refused with the classes that there are where it is not clear', () => {
    expect(() => theOne([cpython, pypy], {}, 'web')).toThrow(
      /several classes of nodes fit.*aaaaaaaaaaaa \(Python 3.11.2; web1\)/,
    )
    expect(() => theOne([cpython], { python: '3.12' }, 'web')).toThrow(/no class of nodes fits/)
  })
})
