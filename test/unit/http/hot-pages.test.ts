import { createServer } from 'node:http'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/clock.ts'
import { HotPages } from '../../../src/http/hot-pages.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'

/** A server of pages of so many bytes, on a store where nothing is ever written; `asked` has what was not hot. */
function aServer(bytes: number) {
  const time = { now: 1_000_000 }
  const clock: Clock = { now: () => time.now, monotonic: () => time.now, sleep: async () => undefined }
  const store = Object.assign(new MemoryStore(), { knownVersion: () => '1' })
  const hot = new HotPages({ store, clock, metrics: { request: () => undefined, pageCache: () => undefined } })
  const asked: string[] = []
  const app = new Koa()
  app.use(hot.remember)
  app.use((context) => {
    asked.push(context.get('Authorization'))
    context.state['identity'] = { token: 'a-token', name: 'ci', scopes: ['read'] }
    context.set('ETag', '"1"')
    context.body = Buffer.alloc(bytes, 'x')
    context.type = 'text'
  })
  const rest = app.callback()
  const server = createServer((incoming, response) => {
    if (!hot.answer(incoming, response)) void rest(incoming, response)
  })
  const get = (token: string) => request(server).get('/simple/app/').set('Authorization', token)
  return { time, asked, get }
}

describe('hot pages', () => {
  it('go the usual way once a day, where the last use of a token is noted', async () => {
    const { time, asked, get } = aServer(10)
    for (let n = 0; n < 3; n++) expect((await get('ci')).text).toBe('xxxxxxxxxx')
    expect(asked).toHaveLength(1)
    time.now += 86_400_000
    for (let n = 0; n < 3; n++) await get('ci')
    expect(asked).toHaveLength(2)
  })

  it('take no more memory than their bound, however many tokens and headers there are', async () => {
    const mebibyte = 1024 * 1024
    const { asked, get } = aServer(2 * mebibyte)
    for (let n = 0; n < 40; n++) await get(`token-${n}`)
    asked.splice(0)
    await get('token-39')
    await get('token-0')
    expect(asked).toEqual(['token-0'])
  })
})
