import { describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { newServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { sweepDeploys } from '../../../src/upkeep/sweep-deploys.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const day = 86_400_000
const retention = { deploys: 2, deploysFor: 100 * day, logs: 1, logsFor: 10 * day }

/** A store with deploys 1 to `count`, of which nothing but the store knows the age: all of them are from now. */
async function aStore(count: number) {
  const store = new MemoryStore()
  const documents = documentsOn(store)
  for (let n = 1; n <= count; n++) {
    const id = `web.production.${n}`
    for (const key of [keys.deployHead('web', id), keys.deployRequest('web', id), keys.deployPlan('web', id)])
      await store.write(key, Buffer.from('{}'), 'absent')
    await store.write(keys.deployOutput('web', id, 'web1', `${id}.4-stage`), Buffer.from('pip'), 'absent')
  }
  const clock = new FakeClock()
  const told: string[] = []
  const sweepAfter = async (days: number, dryRun = false) => {
    const ports = { documents, retention, report: (text: string) => void told.push(text) }
    const later = { ...clock, now: () => Date.now() + days * day, monotonic: () => 0, sleep: async () => undefined }
    return await sweepDeploys({ ...ports, clock: later }, dryRun)
  }
  const left = async (part: string) => {
    const found: string[] = []
    for await (const { key } of store.list('deploys/')) if (key.includes(part)) found.push(key.split('/')[2] ?? '')
    return found.map((id) => Number(id.split('.')[2])).sort((a, b) => a - b)
  }
  return { documents, store, sweepAfter, left, told }
}

describe('sweeping deploys', () => {
  it('takes nothing that is young, then what was printed, then the whole', async () => {
    const { sweepAfter, left } = await aStore(4)
    expect(await sweepAfter(9)).toEqual([])
    expect((await sweepAfter(11)).map(({ why }) => why)).toEqual(['log', 'log', 'log'])
    expect([(await left('/output/')).length, (await left('/head')).length]).toEqual([1, 4])
    await sweepAfter(101)
    expect((await left('/head')).length).toBe(2)
    expect((await left('/plan')).length).toBe(2)
  })

  it('never takes what the service refers to, or what a channel has', async () => {
    const { documents, sweepAfter, left } = await aStore(9)
    const recent = [{ deploy: 'web.production.5', version: '1.0', phase: 'failed' as const, at: '' }]
    await documents.create(serviceDocument, keys.service('web'), {
      ...newServiceState(),
      ...{ considered: { 'app/production': 9 }, running: 'web.production.1', waiting: 'web.production.2', recent },
      ...{
        stable: { version: '1.0', deploy: 'web.production.3' },
        desired: { version: '1.1', deploy: 'web.production.4' },
      },
    })
    const pointer = { serial: 6, version: '1.0', files: [], at: '', by: 'ci', attempt: 'a' }
    await documents.create(channelsDocument, keys.channels('app'), { production: [pointer] })
    await sweepAfter(400)
    expect(await left('/head')).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6]))
    expect((await left('/head')).length).toBeLessThanOrEqual(8)
  })

  it('only tells what it would take where it is asked to', async () => {
    const { sweepAfter, left } = await aStore(3)
    expect((await sweepAfter(400, true)).length).toBeGreaterThan(0)
    expect((await left('')).length).toBe(12)
  })

  it('keeps all deploys of a service whose document cannot be read, and says so', async () => {
    const { store, sweepAfter, left, told } = await aStore(3)
    await store.write(keys.service('web'), Buffer.from('no json'), 'absent')
    expect(await sweepAfter(400)).toEqual([])
    expect((await left('/head')).length).toBe(3)
    expect(told[0]).toContain('The deploys of web are kept for now')
  })
})
