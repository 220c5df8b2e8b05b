import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { refuseCrossSite } from '../../../src/http/cross-site.ts'
import { answerErrors } from '../../../src/http/error-response.ts'

const app = new Koa()
app.use(answerErrors({ error: () => undefined }))
app.use(refuseCrossSite('https://pypi.internal/wheelhouse'))
app.use((context) => {
  context.body = 'done\n'
})
const handler = app.callback()
const ask = (method: 'get' | 'post' | 'put' | 'delete', headers: Record<string, string>) =>
  request(handler)
    [method]('/promote/app/1.0')
    .set({ host: 'here:8080', ...headers })

describe('a change that is asked for', () => {
  it.each<[string, Record<string, string>]>([
    ['by a program', {}],
    ['by a page of our own', { origin: 'https://pypi.internal', 'sec-fetch-site': 'same-origin' }],
    ['by a person, in the address bar', { 'sec-fetch-site': 'none' }],
    ['by a page of our own in an older browser', { origin: 'https://pypi.internal' }],
    ['by a page of our own under another name', { origin: 'http://here:8080' }],
  ])('%s is done', async (_who, headers) => {
    for (const method of ['post', 'put', 'delete'] as const) {
      expect((await ask(method, headers)).status).toBe(200)
    }
  })

  it.each<[string, Record<string, string>]>([
    ['by a page of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['by a page of a neighbour', { origin: 'https://wiki.internal', 'sec-fetch-site': 'same-site' }],
    ['by another site in an older browser', { origin: 'https://evil.example' }],
    ['by a page that hides where it is from', { origin: 'null' }],
    ['by another site that calls itself by our name', { origin: 'https://here:8080.evil.example' }],
  ])('%s is refused, though the browser sent a token along', async (_who, headers) => {
    for (const method of ['post', 'put', 'delete'] as const) {
      const { status, text } = await ask(method, { authorization: 'Bearer good', ...headers })
      expect([status, text]).toEqual([403, expect.stringContaining('A page of another site asked for this change')])
    }
    expect((await ask('get', headers)).status).toBe(200)
  })
})
