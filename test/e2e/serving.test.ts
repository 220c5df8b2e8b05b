import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { type RunningWheelhouse, startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { anSdist, aWheel } from '../support/wheels.ts'

const json = 'application/vnd.pypi.simple.v1+json'

describe('the server, by plain HTTP', () => {
  const wheel = aWheel({ name: 'Acme.Forms', version: '1.0', requiresPython: '>=3.8' })
  const fields = { name: 'Acme.Forms', version: '1.0' }
  let server: RunningWheelhouse
  beforeAll(async () => {
    server = await startWheelhouse()
    expect((await post(server, wheel, fields)).status).toBe(200)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(server.url + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${server.token}`, ...headers },
    })
  const fileUrl = `/files/acme-forms/${wheel.sha256}/${wheel.filename}`

  it.each([
    ['', 'text/html; charset=utf-8'],
    ['*/*', 'text/html; charset=utf-8'],
    [json, json],
    ['application/vnd.pypi.simple.latest+json', json],
    [`${json}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01`, json],
    [`${json}; q=0.1, text/html`, 'text/html; charset=utf-8'],
    ['image/png', 'text/html; charset=utf-8'],
  ])('answers Accept: %s with %s', async (accept, type) => {
    const answer = await get('/simple/acme-forms/', accept === '' ? {} : { accept })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
    expect(answer.headers.get('vary')).toContain('Accept')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  })

  it('never gives a JSON page the key that crashes pip 22.3 to 23.1', async () => {
    const text = await (await get('/simple/acme-forms/', { accept: json })).text()
    expect(text).not.toContain('dist-info-metadata')
    expect(JSON.parse(text)).toMatchObject({
      meta: { 'api-version': '1.4' },
      name: 'acme-forms',
      versions: ['1.0'],
      files: [
        {
          'requires-python': '>=3.8',
          'core-metadata': { sha256: expect.any(String) },
          yanked: false,
          size: wheel.bytes.length,
        },
      ],
    })
  })

  it('answers a page one has with 304, and with a new tag after the next upload', async () => {
    const first = await get('/simple/acme-forms/', { accept: json })
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[^"]+"$/)
    expect((await get('/simple/acme-forms/', { accept: json, 'if-none-match': etag })).status).toBe(304)
    expect((await get('/simple/acme-forms/', { accept: 'text/html', 'if-none-match': etag })).status).toBe(200)
    const next = aWheel({ name: 'Acme.Forms', version: '1.1' })
    expect((await post(server, next, { name: 'acme_forms', version: '1.1' })).status).toBe(200)
    const second = await get('/simple/acme-forms/', { accept: json, 'if-none-match': etag })
    expect(second.status).toBe(200)
    expect(await second.json()).toMatchObject({ versions: ['1.0', '1.1'] })
  })

  it('sends pages packed as each client likes best, with a tag for each', async () => {
    const plain = await get('/simple/acme-forms/', { 'accept-encoding': 'identity' })
    const packed = await get('/simple/acme-forms/', { 'accept-encoding': 'gzip' })
    expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual([null, 'gzip'])
    expect(await packed.text()).toBe(await plain.text())
    const smaller = await get('/simple/acme-forms/', { 'accept-encoding': 'gzip;q=0.5, br' })
    expect(smaller.headers.get('content-encoding')).toBe('br')
    const tag = smaller.headers.get('etag') ?? ''
    expect((await get('/simple/acme-forms/', { 'accept-encoding': 'br', 'if-none-match': tag })).status).toBe(304)
    expect((await get('/simple/acme-forms/', { 'accept-encoding': 'gzip', 'if-none-match': tag })).status).toBe(200)
    expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'))
    expect(
      (await get('/simple/acme-forms/', { 'accept-encoding': 'gzip;q=0' })).headers.get('content-encoding'),
    ).toBeNull()
  })

  it.each([
    ['/simple/Acme_Forms/', '../acme-forms/'],
    ['/simple/acme-forms', 'acme-forms/'],
    ['/simple', 'simple/'],
    ['/channels/production/simple', 'simple/'],
    ['/channels/production/simple/Acme_Forms', 'acme-forms/'],
    ['/pypi/Acme%5FForms/1.0/json', '../../acme-forms/1.0/json'],
  ])('sends %s on to %s', async (path, to) => {
    const answer = await get(path)
    expect([answer.status, answer.headers.get('location')]).toEqual([301, to])
  })

  it('lists all projects', async () => {
    expect(await (await get('/simple/', { accept: json })).json()).toMatchObject({ projects: [{ name: 'acme-forms' }] })
    expect(await (await get('/simple/')).text()).toContain('<a href="acme-forms/">acme-forms</a>')
  })

  it('serves a file whole, in parts, its head, and its metadata', async () => {
    const whole = await get(fileUrl)
    expect(Buffer.from(await whole.arrayBuffer()).equals(wheel.bytes)).toBe(true)
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      etag: `"${wheel.sha256}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    })
    const part = await get(fileUrl, { range: 'bytes=2-5', 'if-range': `"${wheel.sha256}"` })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2-5/${wheel.bytes.length}`])
    expect(Buffer.from(await part.arrayBuffer()).equals(wheel.bytes.subarray(2, 6))).toBe(true)
    expect((await get(fileUrl, { range: 'bytes=2-5', 'if-range': '"other"' })).status).toBe(200)
    expect((await get(fileUrl, { range: 'bytes=9999999-' })).status).toBe(416)
    const head = await get(fileUrl, {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(wheel.bytes.length)])
    expect(await (await get(`${fileUrl}.metadata`)).text()).toContain('Name: Acme.Forms')
    expect((await get(fileUrl, { 'if-none-match': `"${wheel.sha256}"` })).status).toBe(304)
    expect((await get(fileUrl.replace(wheel.sha256, 'a'.repeat(64)))).status).toBe(404)
  })

  it('sends several parts at once, and knows by the date too whether the file is still the same', async () => {
    const date = (await get(fileUrl, {}, 'HEAD')).headers.get('last-modified') ?? ''
    const parts = await get(fileUrl, { range: 'bytes=0-1,-2', 'if-range': date })
    const body = Buffer.from(await parts.arrayBuffer())
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(parts.headers.get('content-type') ?? '')?.[1]
    const size = wheel.bytes.length
    const part = (range: string, bytes: Buffer) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${range}/${size}\r\n\r\n${bytes.toString('latin1')}\r\n`
    expect(body.toString('latin1')).toBe(
      `${part('0-1', wheel.bytes.subarray(0, 2))}${part(`${size - 2}-${size - 1}`, wheel.bytes.subarray(-2))}--${boundary}--\r\n`,
    )
    expect([parts.status, parts.headers.get('content-length')]).toEqual([206, String(body.length)])
    expect((await get(fileUrl, { range: 'bytes=0-1', 'if-range': new Date(0).toUTCString() })).status).toBe(200)
    expect((await get(fileUrl, { 'if-modified-since': date })).status).toBe(304)
    expect((await get(fileUrl, { 'if-modified-since': new Date(0).toUTCString() })).status).toBe(200)
    expect((await get(fileUrl, { range: `bytes=${Array(20).fill('0-0').join()}` })).status).toBe(200)
  })

  it('describes a project and a release as PyPI does in its JSON', async () => {
    const next = aWheel({ name: 'Acme.Forms', version: '2.0rc1' })
    expect((await post(server, next, { name: 'Acme.Forms', version: '2.0rc1' })).status).toBe(200)
    const answer = await get('/pypi/acme-forms/json')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    const etag = answer.headers.get('etag') ?? ''
    const json = (await answer.json()) as { releases: object; last_serial: number }
    expect(json).toMatchObject({
      info: { name: 'Acme.Forms', version: '1.1', yanked: false, release_url: `${server.url}/projects/acme-forms/1.1` },
      urls: [{ filename: 'acme_forms-1.1-py3-none-any.whl', packagetype: 'bdist_wheel', yanked: false }],
      vulnerabilities: [],
      last_serial: expect.any(Number),
    })
    expect(Object.keys(json.releases)).toEqual(['1.0', '1.1', '2.0rc1'])
    expect(await (await get('/pypi/acme-forms/1/json')).json()).toMatchObject({
      info: { version: '1.0', requires_python: '>=3.8' },
      urls: [{ digests: { sha256: wheel.sha256 }, size: wheel.bytes.length, url: server.url + fileUrl }],
    })
    expect((await get('/pypi/acme-forms/json', { 'if-none-match': etag })).status).toBe(304)
    expect((await get('/pypi/Acme_Forms/json')).headers.get('location')).toBe('../acme-forms/json')
    expect((await get('/pypi/Acme_Forms/1.0/json')).headers.get('location')).toBe('../../acme-forms/1.0/json')
    expect([(await get('/pypi/none/json')).status, (await get('/pypi/acme-forms/9/json')).status]).toEqual([404, 404])
  })

  it('describes its API to programs, and has every route that it describes', async () => {
    const answer = await fetch(`${server.url}/openapi.json`)
    const api = (await answer.json()) as { openapi: string; paths: Record<string, Record<string, object>> }
    expect(api.openapi).toBe('3.1.0')
    expect(api.paths['/projects/{project}/status']?.['put']).toMatchObject({
      requestBody: {
        content: {
          'application/json': { schema: { properties: { status: { enum: expect.arrayContaining(['archived']) } } } },
        },
      },
    })
    for (const [path, operations] of Object.entries(api.paths)) {
      for (const method of Object.keys(operations)) {
        const url = path.replace(/\{\w+\}/g, 'some')
        const text = await (await get(url, { authorization: 'Bearer nothing' }, method.toUpperCase())).text()
        expect([method, path, text.includes('There is nothing at')]).toEqual([method, path, false])
      }
    }
  })

  it('lets scripts of other sites read, with a token of their own, and change nothing', async () => {
    const page = await get('/simple/acme-forms/', { origin: 'https://app.example.com' })
    expect(page.headers.get('access-control-allow-origin')).toBe('*')
    const ask = (method: string) =>
      get('/simple/acme-forms/', { origin: 'https://a.example', 'access-control-request-method': method }, 'OPTIONS')
    const preflight = await ask('GET')
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Authorization'),
    ])
    expect((await ask('DELETE')).headers.get('access-control-allow-methods')).toBeNull()
    expect((await get('/legacy/', {}, 'POST')).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('asks for a token where none or a bad one is given, and refuses one without the scope', async () => {
    const none = await fetch(`${server.url}/simple/acme-forms/`)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="Wheelhouse", charset="UTF-8"',
    ])
    expect((await get('/simple/', { authorization: 'Bearer whl_nonsense' })).status).toBe(401)
    const made = await run([process.execPath, wheelhouseScript, 'token', 'create', 'reader', '--scope', 'read'], {
      env: server.environment,
      cwd: server.folder,
    })
    const token = made.stdout.trim()
    expect(token).toMatch(/^whl_[0-9a-z]{20}_[\w-]{43}$/)
    expect(
      (await get('/simple/', { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` })).status,
    ).toBe(200)
    const upload = await post(server, wheel, fields, { authorization: `Bearer ${token}` })
    expect([upload.status, upload.statusText]).toEqual([
      403,
      'The token "reader" has the scopes read, but this needs upload.',
    ])
    const listed = await run([process.execPath, wheelhouseScript, 'token', 'list'], {
      env: server.environment,
      cwd: server.folder,
    })
    expect(listed.stdout).toContain('reader')
    expect(listed.stdout).not.toContain(token)
    await run([process.execPath, wheelhouseScript, 'token', 'revoke', token.split('_')[1] ?? ''], {
      env: server.environment,
      cwd: server.folder,
    })
    expect((await get('/simple/', { authorization: `Bearer ${token}` })).status).toBe(401)
    expect(server.output()).not.toContain(token)
  })

  it('shows its pages where hatch looks for them, too', async () => {
    expect(await (await get('/+simple/acme-forms/')).text()).toContain(`>${wheel.filename}</a>`)
  })

  it('keeps the metadata of a source archive for itself', async () => {
    const sdist = anSdist({ name: 'source', version: '1.0' })
    expect((await post(server, sdist, { name: 'source', version: '1.0' })).status).toBe(200)
    const page = await (await get('/simple/source/', { accept: json })).json()
    expect(page).toMatchObject({ files: [{ 'core-metadata': false }] })
    expect((await get(`/files/source/${sdist.sha256}/${sdist.filename}.metadata`)).status).toBe(404)
  })

  it('names the methods of a path that takes others', async () => {
    const answer = await get('/tokens', {}, 'DELETE')
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    expect((await get('/simple/acme-forms/', {}, 'DELETE')).headers.get('allow')).toBe('GET, HEAD')
  })

  it('has no answer kept unasked, or taken for another type', async () => {
    for (const path of ['/projects/acme-forms', '/tokens', '/openapi.json', '/healthz', '/nowhere']) {
      const { headers } = await get(path)
      expect([path, headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
        path,
        path === '/nowhere' ? 'no-store' : 'no-cache',
        'nosniff',
      ])
    }
  })

  it('refuses a form that a page of another site posts', async () => {
    const answer = await get('/projects/acme-forms/1.0/yank', { 'sec-fetch-site': 'cross-site' }, 'POST')
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('A page of another site')])
  })

  it('says what is where, on a path that it does not know', async () => {
    expect(await (await get('/nowhere')).text()).toContain('The index is at /simple/')
  })
})
