import { afterEach, describe, expect, it } from 'vitest'
import { Disposals } from '../../src/disposal.ts'
import type { BusEvent, EventBus } from '../../src/queue/event-bus.ts'
import { until } from '../support/until.ts'
import type { Outages } from './deploy-queue.ts'

export interface BusUnderTest extends AsyncDisposable {
  /** Two ends of one bus, as two processes would have them; one and the same where it does not leave the process. */
  readonly here: EventBus
  readonly there: EventBus
}

const event: BusEvent = { topic: 'deploy', id: 'web.production.3', serial: 7 }

/** What every adapter of the `EventBus` port keeps. */
export function eventBusContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`event bus contract: ${name}`, () => {
    const opened = new Disposals()
    afterEach(() => opened[Symbol.asyncDispose]())

    it('tells every subscriber of every process, in order', async () => {
      const { here, there } = opened.use(await open())
      const heard: BusEvent[][] = [[], []]
      await here.subscribe((told) => heard[0]?.push(told))
      await there.subscribe((told) => heard[1]?.push(told))
      for (let serial = 1; serial <= 20; serial++) here.publish({ ...event, serial })
      await until(() => heard.every((list) => list.length === 20))
      expect(heard.map((list) => list.map((told) => told.serial))).toEqual([
        Array.from({ length: 20 }, (_, n) => n + 1),
        Array.from({ length: 20 }, (_, n) => n + 1),
      ])
    })

    it('tells a subscriber nothing after it was disposed', async () => {
      const { here, there } = opened.use(await open())
      const gone: BusEvent[] = []
      const stays: BusEvent[] = []
      const subscription = await there.subscribe((told) => gone.push(told))
      await there.subscribe((told) => stays.push(told))
      subscription[Symbol.dispose]()
      here.publish(event)
      await until(() => stays.length === 1)
      expect(gone).toEqual([])
    })

    it('answers a ping', async () => {
      const { here } = opened.use(await open())
      await here.subscribe(() => undefined)
      await until(() =>
        here.ping().then(
          () => true,
          () => false,
        ),
      )
    })

    it('goes on when a listener throws', async () => {
      const { here, there } = opened.use(await open())
      const heard: BusEvent[] = []
      await there.subscribe(() => {
        throw new Error('a bad listener')
      })
      await there.subscribe((told) => heard.push(told))
      here.publish(event)
      await until(() => heard.length === 1)
      expect(heard).toEqual([event])
    })
  })
}

/** What adapters keep whose bus is a server that can be away. Opened while it is away. */
export function busOutageContract(name: string, open: () => Promise<BusUnderTest & Outages>): void {
  describe(`event bus contract, outages: ${name}`, () => {
    const opened = new Disposals()
    afterEach(() => opened[Symbol.asyncDispose]())

    it('away at the start: nobody is held up, and who subscribed then hears what comes once it is back', async () => {
      const { here, there, back } = opened.use(await open())
      const heard: BusEvent[] = []
      await there.subscribe((told) => heard.push(told))
      here.publish(event)
      await back()
      await until(() => hears(here, heard))
    })

    it('away later, then back: who subscribed before hears again', async () => {
      const { here, there, back, away } = opened.use(await open())
      await back()
      const heard: BusEvent[] = []
      await there.subscribe((told) => heard.push(told))
      await until(() => hears(here, heard))
      await away()
      here.publish(event)
      heard.splice(0)
      await back()
      await until(() => hears(here, heard))
    })
  })
}

/** Says it once more each time it is asked. */
function hears(from: EventBus, heard: readonly BusEvent[]): boolean {
  from.publish(event)
  return heard.length > 0
}
