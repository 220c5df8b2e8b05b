import { describe, expect, it } from 'vitest'
import type { Delivered, Notice } from '../../../src/notify/model.ts'
import { startOutbox } from '../../../src/notify/outbox.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const notice = { id: 'web.production.1.succeeded.9', service: 'web', body: '{"type":"deploy.succeeded"}' }

/** A worker's outbox on a store that others may share; its receivers answer as they are told. */
function aWorker(clock: FakeClock, store: MemoryStore, answers: (notice: Notice) => Delivered = () => 'delivered') {
  const sent: { readonly id: string; readonly receiver: string; readonly tries: number; readonly at: number }[] = []
  const problems: string[] = []
  const outbox = startOutbox({
    documents: documentsOn(store),
    clock,
    receivers: [{ name: 'chat' }, { name: 'pager', services: ['pay'] }],
    notifier: {
      async deliver(notice, now) {
        const { id, receiver, tries } = notice
        sent.push({ id, receiver, tries, at: now })
        return answers(notice)
      },
    },
    report: (error) => problems.push(String(error)),
  })
  return { outbox, sent, problems }
}

const left = async (store: MemoryStore) => {
  const keys: string[] = []
  for await (const { key } of store.list('notices/')) keys.push(key)
  return keys
}

describe('the outbox', () => {
  it('tells each receiver of its services once, and keeps nothing afterwards', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStore()]
    const { outbox, sent } = aWorker(clock, store)
    await outbox.put(notice)
    await outbox.put({ ...notice, id: 'pay.production.1.failed.4', service: 'pay' })
    await clock.passUntil(async () => sent.length === 3 && (await left(store)).length === 0)
    const told = sent.map(({ id, receiver }) => `${receiver} ${id.split('.')[0]}`).sort()
    expect(told).toEqual(['chat pay', 'chat web', 'pager pay'])
    await outbox[Symbol.asyncDispose]()
  })

  it('tries again with the same id, ever more rarely, for three days, and then says that it gives up', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStore()]
    const { outbox, sent, problems } = aWorker(clock, store, () => ({ problem: 'it answered 500' }))
    await outbox.put(notice)
    await clock.passUntil(async () => sent.length > 0 && (await left(store)).length === 0, 400_000)
    const hours = sent.map(({ at }) => Math.round((at - (sent[0]?.at ?? 0)) / 360_000) / 10)
    expect(hours).toEqual([0, 0, 0.1, 0.6, 2.6, 7.6, 17.6, 31.6, 51.6, 75.6])
    expect(new Set(sent.map(({ id }) => id))).toEqual(new Set([notice.id]))
    expect(problems[0]).toContain(
      `The receiver chat was not told of ${notice.id}: it answered 500. Tried again in 5 s.`,
    )
    expect(problems.at(-1)).toContain('It is given up.')
    await outbox[Symbol.asyncDispose]()
  })

  it('reaches a receiver that was down for an hour, and is not held up by a clock that was set back', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStore()]
    const back = clock.monotonic() + 3_600_000
    const { outbox, sent } = aWorker(clock, store, () => (clock.monotonic() < back ? { problem: 'away' } : 'delivered'))
    await outbox.put(notice)
    await clock.passUntil(() => sent.length === 2)
    clock.jump(-7 * 86_400_000)
    await clock.passUntil(async () => (await left(store)).length === 0, 20_000)
    expect(clock.monotonic() - back).toBeLessThan(7_200_000)
    await outbox[Symbol.asyncDispose]()
  })

  it('does not try again where the receiver wants no more', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStore()]
    const { outbox, sent } = aWorker(clock, store, () => 'gone')
    await outbox.put(notice)
    await clock.passUntil(async () => sent.length > 0 && (await left(store)).length === 0)
    expect(sent).toHaveLength(1)
    await outbox[Symbol.asyncDispose]()
  })

  it('brings what a worker left that died, and of two workers one brings it', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStore()]
    const dead = aWorker(clock, store)
    await dead.outbox[Symbol.asyncDispose]()
    await dead.outbox.put(notice)
    expect(await left(store)).toEqual([`notices/${notice.id}/chat.json`])
    const workers = [aWorker(clock, store), aWorker(clock, store)]
    await clock.passUntil(async () => (await left(store)).length === 0)
    expect(workers.flatMap(({ sent }) => sent)).toHaveLength(1)
    for (const { outbox } of workers) await outbox[Symbol.asyncDispose]()
  })
})
