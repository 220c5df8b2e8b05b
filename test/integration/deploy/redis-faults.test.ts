import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { channelsDocument } from '../../../src/channels/model.ts'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { leasesIn } from '../../../src/deploy/lease.ts'
import { requestDeploy } from '../../../src/deploy/request-deploy.ts'
import { serviceDocument } from '../../../src/deploy/service-state.ts'
import { startWorker } from '../../../src/deploy/worker.ts'
import { Disposals } from '../../../src/disposal.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { bullmqQueue } from '../../../src/queue/bullmq-queue.ts'
import { redisBus } from '../../../src/queue/redis-bus.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeFleet } from '../../support/fake-fleet.ts'
import { type Gate, openGate } from '../../support/gate.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { registryOn } from '../../support/registry.ts'
import { until } from '../../support/until.ts'

/** A second of the deploy is twenty-five milliseconds of the test. */
const fast = 40
const fastClock: Clock = {
  now: () => Date.now() * fast,
  monotonic: () => systemClock.monotonic() * fast,
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / fast, signal),
}

/** A worker with a real Redis between it and whoever promotes, and a simulated fleet. */
async function aSite(url: string, lookSeconds: number) {
  const opened = new Disposals()
  const [store, reported]: [MemoryStore, string[]] = [new MemoryStore(), []]
  const report = (error: unknown) => void reported.push(String(error))
  const documents = documentsOn(store)
  const fleet = new FakeFleet(['n1', 'n2'], fastClock)
  const services = { web: aDefinition() }
  const queue = bullmqQueue(url, report)
  const bus = redisBus(url, report)
  opened.defer(() => bus.close())
  opened.defer(() => queue.close())
  const ports = { documents, queue, bus, clock: fastClock, report, projects: registryOn(store).projects, services }
  let reopened = 0
  const start = async () =>
    opened.use(
      await startWorker(
        {
          ...{ ...ports, audit: { record: async () => undefined }, news: async () => undefined },
          metrics: { queueReopened: () => void reopened++ },
          log: { info: () => undefined, error: () => undefined },
          leases: leasesIn(documents, fastClock, { holder: 'only', termSeconds: 30 }),
          crew: (_request, fence) => ({
            act: (effect, rollout) => fleet.act(fence, effect, rollout),
            finish: async () => undefined,
            [Symbol.asyncDispose]: async () => undefined,
          }),
        },
        { concurrency: 2, lookSeconds, stopSeconds: 8 },
      ),
    )
  const state = async () => (await documents.read(serviceDocument, keys.service('web')))?.value
  const phase = async (serial: number) =>
    (await documents.read(headDocument, keys.deployHead('web', `web.production.${serial}`)))?.value.phase
  return {
    ...{ queue, start, phase, reported, reopened: () => reopened },
    /** As a server does that has answered. */
    async promote(serial: number) {
      const at = '2026-11-26T03:00:00Z'
      const pointer = { serial, version: `1.${serial}.0`, files: [], at, by: 'ci', attempt: `${serial}` }
      await documents.update(channelsDocument, keys.channels('app'), (all) => ({
        production: [...(all?.['production'] ?? []), pointer],
      }))
      await requestDeploy(ports, { service: 'web', definition: services.web, channel: 'production', pointer })
    },
    ends: (serial: number) =>
      until(async () => (await phase(serial)) === 'succeeded' && (await state())?.running === undefined),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

describe('a deploy whose Redis', () => {
  const opened = new Disposals()
  afterEach(() => opened[Symbol.asyncDispose]())
  const sites = async (lookSeconds: number) => {
    const redis = opened.use(await startRedis())
    return { redis, site: opened.use(await aSite(redis.url, lookSeconds)) }
  }

  it.each<[string, (redis: RedisServer) => Promise<unknown>]>([
    ['is started anew, empty', async (redis) => redis.stop().then(redis.start)],
    [
      'answers nobody for more than a minute',
      async (redis) => {
        redis.pause()
        setTimeout(redis.resume, 70_000 / fast)
      },
    ],
    [
      'is emptied',
      async ({ url }) => {
        const admin = new Redis(url)
        await admin.flushall()
        admin.disconnect()
      },
    ],
  ])('%s in the middle of it ends as ever, and so does the next', async (_what, happens) => {
    const { redis, site } = await sites(10)
    await site.start()
    await site.promote(1)
    await until(async () => (await site.phase(1)) === 'rolling')
    await happens(redis)
    await site.ends(1)
    await site.promote(2)
    await site.ends(2)
  })

  it('is away from its beginning to its end ends as ever', async () => {
    const { redis, site } = await sites(10)
    await redis.stop()
    await site.start()
    await site.promote(1)
    await site.ends(1)
  })

  it('hands out nothing any more, and says nothing, is opened anew by whoever waits for work', async () => {
    const redis = opened.use(await startRedis())
    const gate: Gate = opened.use(await openGate(redis.port))
    const site = opened.use(await aSite(gate.url.replace('http', 'redis'), 10))
    // That of the producer is none of it, nor are those of the bus.
    await until(() => gate.connections() === 3)
    await site.start()
    await site.queue.enqueue('other')
    await until(async () => (await site.queue.waiting()) === 0)
    gate.deafen(3)
    await site.queue.enqueue('nobody')
    await until(() => site.reopened() === 1)
    expect(site.reported.filter((text) => /held 1 waiting for \d+ s and handed out none/.test(text))).toHaveLength(1)
    await until(async () => (await site.queue.waiting()) === 0)
    await site.queue.enqueue('another')
    await until(async () => (await site.queue.waiting()) === 0)
    expect(site.reopened()).toBe(1)
  })
})
