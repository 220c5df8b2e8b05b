import { afterEach, describe, expect, it } from 'vitest'
import { Disposals } from '../../src/disposal.ts'
import type { DeployQueue } from '../../src/queue/deploy-queue.ts'
import { until } from '../support/until.ts'

export interface QueueUnderTest extends AsyncDisposable {
  readonly queue: DeployQueue
  readonly reported: unknown[]
}

/** What every adapter of the `DeployQueue` port keeps. */
export function deployQueueContract(name: string, open: () => Promise<QueueUnderTest>): void {
  describe(`deploy queue contract: ${name}`, () => {
    const opened = new Disposals()
    afterEach(() => opened[Symbol.asyncDispose]())
    const start = async () => opened.use(await open())

    it('hands an enqueued service to the consumer', async () => {
      const { queue } = await start()
      const handled: string[] = []
      opened.use(await queue.consume(async (service) => void handled.push(service), 2))
      await queue.enqueue('web')
      await until(() => handled.length === 1)
      expect(handled).toEqual(['web'])
    })

    it('keeps what was enqueued before there was a consumer, as one job', async () => {
      const { queue } = await start()
      for (let n = 0; n < 5; n++) await queue.enqueue('web')
      await queue.enqueue('other')
      const handled: string[] = []
      opened.use(await queue.consume(async (service) => void handled.push(service), 1))
      await until(() => handled.length >= 2)
      await settled()
      expect(handled.sort()).toEqual(['other', 'web'])
    })

    it('tells how many wait: those that nobody took', async () => {
      const { queue } = await start()
      await queue.enqueue('web')
      await queue.enqueue('web')
      await queue.enqueue('other')
      expect(await queue.waiting()).toBe(2)
      const gate = openable()
      const handled: string[] = []
      const work = async (service: string) => {
        handled.push(service)
        await gate.opened
      }
      opened.use(await queue.consume(work, 1))
      await until(() => handled.length === 1)
      await queue.enqueue(handled[0] ?? '')
      expect(await queue.waiting()).toBe(1)
      gate.open()
      await until(() => handled.length === 3)
      expect(await queue.waiting()).toBe(0)
    })

    it('hands a service out once more when it was enqueued while it was worked on, and never twice at once', async () => {
      const { queue } = await start()
      const gate = openable()
      let running = 0
      let most = 0
      let times = 0
      const handle = async () => {
        times++
        most = Math.max(most, ++running)
        await gate.opened
        running--
      }
      opened.use(await queue.consume(handle, 4))
      await queue.enqueue('web')
      await until(() => running === 1)
      for (let n = 0; n < 3; n++) await queue.enqueue('web')
      gate.open()
      await until(() => times === 2)
      await settled()
      expect({ times, most }).toEqual({ times: 2, most: 1 })
    })

    it('works on several services side by side, up to the number asked for', async () => {
      const { queue } = await start()
      const gate = openable()
      let running = 0
      let most = 0
      const handle = async () => {
        most = Math.max(most, ++running)
        await gate.opened
        running--
      }
      opened.use(await queue.consume(handle, 2))
      for (const service of ['a', 'b', 'c', 'd']) await queue.enqueue(service)
      await until(() => running === 2)
      await settled()
      gate.open()
      await until(() => running === 0)
      expect(most).toBe(2)
    })

    it('reports a handler that rejects, drops the job and goes on', async () => {
      const { queue, reported } = await start()
      const handled: string[] = []
      const handle = async (service: string) => {
        handled.push(service)
        if (service === 'bad') throw new Error('the handler failed')
      }
      opened.use(await queue.consume(handle, 1))
      await queue.enqueue('bad')
      await until(() => reported.length === 1)
      await queue.enqueue('good')
      await until(() => handled.includes('good'))
      expect(handled).toEqual(['bad', 'good'])
      expect(String(reported[0])).toContain('the handler failed')
    })

    it('stops taking jobs when the consumer is disposed, after the one in hand is done', async () => {
      const { queue } = await start()
      const gate = openable()
      const done: string[] = []
      const consumer = await queue.consume(async (service) => {
        await gate.opened
        done.push(service)
      }, 1)
      await queue.enqueue('first')
      await settled()
      await queue.enqueue('second')
      const stopped = consumer[Symbol.asyncDispose]()
      gate.open()
      await stopped
      await settled()
      expect(done).toEqual(['first'])
    })
  })
}

export interface Outages {
  away(): Promise<void>
  back(): Promise<void>
}

/** What adapters keep whose queue is a server that can be away. Opened while it is away. */
export function queueOutageContract(name: string, open: () => Promise<QueueUnderTest & Outages>): void {
  describe(`deploy queue contract, outages: ${name}`, () => {
    const opened = new Disposals()
    afterEach(() => opened[Symbol.asyncDispose]())
    const start = async () => opened.use(await open())

    it('away at the start: enqueuing says so, however often, and it works once the queue is back', async () => {
      const { queue, back } = await start()
      for (let n = 0; n < 2; n++) {
        await expect(queue.enqueue('web')).rejects.toMatchObject({ code: 'storage-unavailable' })
      }
      await expect(queue.waiting()).rejects.toMatchObject({ code: 'storage-unavailable' })
      const handled: string[] = []
      opened.use(await queue.consume(async (service) => void handled.push(service), 1))
      await back()
      await until(() => enqueued(queue, 'web'))
      await until(() => handled.includes('web'))
    })

    it('away at the start: a consumer is there at once, and stops when it is told to', async () => {
      const { queue } = await start()
      const consumer = await queue.consume(async () => undefined, 1)
      await consumer[Symbol.asyncDispose]()
      await queue.close()
    })

    it('away later, then back: enqueuing says so, and the consumer goes on; each kind of error is told once', async () => {
      const { queue, back, away, reported } = await start()
      await back()
      const handled: string[] = []
      opened.use(await queue.consume(async (service) => void handled.push(service), 1))
      await until(() => enqueued(queue, 'before'))
      await until(() => handled.includes('before'))
      await away()
      await expect(queue.enqueue('meanwhile')).rejects.toMatchObject({ code: 'storage-unavailable' })
      await back()
      await until(() => enqueued(queue, 'after'))
      await until(() => handled.includes('after'))
      // Two connections, each with what it saw at the start and later.
      expect(reported.length, reported.join('\n')).toBeLessThan(12)
    })
  })
}

async function enqueued(queue: DeployQueue, service: string): Promise<boolean> {
  return await queue.enqueue(service).then(
    () => true,
    () => false,
  )
}

/** Long enough for a job that should not come to come. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150))
}

function openable() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
