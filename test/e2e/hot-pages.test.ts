import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../support/index-clients.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

const json = 'application/vnd.pypi.simple.v1+json'

describe('a page that was just answered', () => {
  let server: RunningWheelhouse
  beforeAll(async () => {
    server = await startWheelhouse()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const ask = (path: string, token = server.token, init: RequestInit = {}) =>
    fetch(server.url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, accept: json, ...(init.headers as Record<string, string>) },
    })
  const versions = async () => {
    const answer = await ask('/simple/app/')
    return answer.ok ? ((await answer.json()) as { versions: string[] }).versions.length : answer.status
  }
  const upload = async (version: string) => {
    const answer = await post(server, aWheel({ name: 'app', version }), { name: 'app', version })
    expect(answer.status).toBe(200)
  }
  /** Often enough to be answered before any middleware runs. */
  const heat = async (path = '/simple/app/', token = server.token) => {
    for (let n = 0; n < 4; n++) await (await ask(path, token)).arrayBuffer()
  }

  it('shows every upload that was acknowledged before the question, however hot it is', async () => {
    for (let n = 0; n < 20; n++) {
      await upload(`1.${n}`)
      expect(await versions()).toBe(n + 1)
      await heat()
      expect(await versions()).toBe(n + 1)
    }
  })

  it('is the same, header by header, as the first time', async () => {
    await upload('2.0')
    const seen: unknown[] = []
    for (let n = 0; n < 5; n++) {
      const answer = await ask('/simple/app/')
      const headers = Object.fromEntries(answer.headers)
      seen.push([answer.status, { ...headers, date: '', 'x-request-id': '' }, await answer.text()])
    }
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1)
    const etag = (await ask('/simple/app/')).headers.get('etag') ?? ''
    expect((await ask('/simple/app/', server.token, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await ask('/simple/app/', server.token, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
    const head = await ask('/simple/app/', server.token, { method: 'HEAD' })
    expect([head.headers.get('etag'), await head.text()]).toEqual([etag, ''])
  })

  it('is refused at once to a token that was revoked, and to one that may not read it', async () => {
    const make = async (scopes: readonly string[]) => {
      const body = JSON.stringify({ name: 'reader', scopes })
      const headers = { 'content-type': 'application/json' }
      const answer = await ask('/tokens', server.token, { method: 'POST', body, headers })
      return (await answer.json()) as { id: string; token: string }
    }
    const reader = await make(['read'])
    await heat('/simple/app/', reader.token)
    expect((await ask('/simple/app/', reader.token)).status).toBe(200)
    await ask(`/tokens/${reader.id}`, server.token, { method: 'DELETE' })
    expect((await ask('/simple/app/', reader.token)).status).toBe(401)
    expect((await ask('/simple/app/', (await make(['read:other'])).token)).status).toBe(403)
    expect((await fetch(`${server.url}/simple/app/`)).status).toBe(401)
  })

  it('shows a yank, a deletion and a quarantine at once', async () => {
    const change = async (path: string, method: string, body: unknown) => {
      await heat()
      const headers = { 'content-type': 'application/json' }
      expect((await ask(path, server.token, { method, headers, body: JSON.stringify(body) })).status).toBe(200)
      return await (await ask('/simple/app/')).text()
    }
    expect(await change('/projects/app/1.1/yank', 'POST', { reason: 'eats data' })).toContain('"yanked":"eats data"')
    expect(await change('/projects/app/1.2', 'DELETE', { reason: 'secret' })).not.toContain('app-1.2-')
    const quarantined = await change('/projects/app/status', 'PUT', { status: 'quarantined', reason: 'looks odd' })
    expect(JSON.parse(quarantined)).toMatchObject({ files: [], 'project-status': { status: 'quarantined' } })
  })
})
