import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, scaled } from '../support/deployments.ts'
import { clientsIn, indexUrl, post } from '../support/index-clients.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { aWheel } from '../support/wheels.ts'

describe('downloads that go to the S3 server itself', () => {
  const wheel = aWheel({ name: 'sent-on', version: '1.0' })
  const path = `/files/sent-on/${wheel.sha256}/${wheel.filename}`
  let servers: Deployment
  let home: TemporaryFolder
  beforeAll(async () => {
    servers = await scaled({ S3_REDIRECT_DOWNLOADS: 'true' })
    home = await temporaryFolder('client')
    expect((await post(servers.here, wheel, { name: 'sent-on', version: '1.0' })).status).toBe(200)
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  const ask = (method: string, from: string, headers: Record<string, string> = {}) =>
    fetch(`${servers.there.url}${from}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${servers.there.token}`, ...headers },
    })

  it('are not needed by a client that has the file', async () => {
    const answer = await ask('GET', path, { 'if-none-match': `"${wheel.sha256}"` })
    expect([answer.status, answer.headers.get('location')]).toEqual([304, null])
  })

  it('are answered with a URL that is good for this method alone, without the token and for a minute', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(method, path)
      const url = new URL(answer.headers.get('location') ?? '')
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([302, 'no-store'])
      expect(url.origin).toBe(servers.there.environment['S3_ENDPOINT'])
      expect(url.searchParams.get('X-Amz-Expires')).toBe('60')
      const followed = await fetch(url, { method })
      expect([followed.status, followed.headers.get('content-length')]).toEqual([200, String(wheel.bytes.length)])
      const other = await fetch(url, { method: method === 'GET' ? 'HEAD' : 'GET' })
      expect(other.status).toBe(403)
    }
  })

  it('come whole or in part, with the bytes that were uploaded', async () => {
    const url = (await ask('GET', path)).headers.get('location') ?? ''
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(wheel.bytes)).toBe(true)
    const part = await fetch(url, { headers: { range: 'bytes=2-5' } })
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, wheel.bytes.subarray(2, 6)])
  })

  it('keep stable URLs on the pages, and metadata at home', async () => {
    const page = await (await ask('GET', '/simple/sent-on/')).text()
    expect(page).toContain(`href="../..${path}#sha256=${wheel.sha256}"`)
    expect((await ask('GET', `${path}.metadata`)).status).toBe(200)
    expect((await ask('GET', path, { authorization: 'Bearer nothing' })).status).toBe(401)
  })

  it.each(['pipOld', 'pipNew'] as const)('install with %s', async (pip) => {
    const installed = await clientsIn(home.path).pipInstall(pip, indexUrl(servers.there), ['sent-on'], pip)
    expect(installed.code, installed.stdout + installed.stderr).toBe(0)
    expect(existsSync(join(home.path, pip, 'sent_on', '__init__.py'))).toBe(true)
  })

  it('install with uv', async () => {
    const installed = await clientsIn(home.path).uvInstall(indexUrl(servers.there), ['sent-on'], 'uv')
    expect(installed.code, installed.stderr).toBe(0)
    expect(existsSync(join(home.path, 'uv', 'sent_on', '__init__.py'))).toBe(true)
  })
})
