import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, deployments } from '../support/deployments.ts'
import { clientsIn, indexUrl, post, simplePage } from '../support/index-clients.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

describe.each(deployments)('the life of a release, %s', (_name, deploy) => {
  let servers: Deployment
  let home: TemporaryFolder
  let clients: ReturnType<typeof clientsIn>
  beforeAll(async () => {
    servers = await deploy()
    home = await temporaryFolder('client')
    clients = clientsIn(home.path)
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  async function upload(name: string, ...versions: string[]) {
    for (const version of versions) {
      expect((await post(servers.here, aWheel({ name, version }), { name, version })).status).toBe(200)
    }
  }
  async function call(method: string, path: string, body?: object, token = servers.here.token) {
    const answer = await fetch(`${servers.here.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, json: () => JSON.parse(text) as Record<string, unknown> }
  }
  const there = (path: string) =>
    fetch(`${servers.there.url}${path}`, { headers: { authorization: `Bearer ${servers.there.token}` } })
  const command = async (...words: string[]) =>
    (await clients.runOk([process.execPath, wheelhouseScript, ...words], servers.here.environment)).stdout.trim()

  it('keeps pip and uv from a yanked release, unless it is pinned, and lets them have it again', async () => {
    await upload('yanked', '1.0', '1.1')
    expect((await call('POST', 'projects/yanked/1.1/yank', { reason: 'eats data' })).json()).toMatchObject({
      message: 'yanked 1.1 is yanked.',
      changed: true,
      files: { 'yanked-1.1-py3-none-any.whl': 'yanked' },
    })
    const index = indexUrl(servers.there)
    for (const pip of ['pipOld', 'pipNew'] as const) {
      expect((await clients.pipInstall(pip, index, ['yanked'], `free-${pip}`)).stdout).toContain('yanked-1.0')
      const pinned = await clients.pipInstall(pip, index, ['yanked==1.1'], `pinned-${pip}`)
      expect([pinned.code, pinned.stderr]).toEqual([0, expect.stringContaining('eats data')])
    }
    expect((await clients.uvInstall(index, ['yanked'], 'free-uv')).stderr).toContain('yanked==1.0')
    const pinned = await clients.uvInstall(index, ['yanked==1.1'], 'pinned-uv')
    expect([pinned.code, pinned.stderr]).toEqual([0, expect.stringContaining('eats data')])
    expect((await call('POST', 'promote/yanked/1.1')).text).toContain('yanked 1.1 was yanked by')
    expect((await call('POST', 'projects/yanked/1.1.0/unyank')).json()).toMatchObject({ version: '1.1', changed: true })
    expect((await clients.pipInstall('pipNew', index, ['yanked'], 'again')).stdout).toContain('yanked-1.1')
  })

  it('deletes a release and a file on every server, never gives the name away, and restores both', async () => {
    await upload('gone', '1.0', '1.1')
    const wheel = aWheel({ name: 'gone', version: '1.0' })
    const url = `/files/gone/${wheel.sha256}/${wheel.filename}`
    expect((await call('DELETE', 'projects/gone/1.0?reason=secret+inside')).json()).toMatchObject({ changed: true })
    expect(await simplePage(servers.there, 'gone')).toMatchObject({ versions: ['1.1'] })
    expect([(await there(url)).status, (await there(`${url}.metadata`)).status]).toEqual([404, 404])
    const other = aWheel({ name: 'gone', version: '1.0', files: { 'gone.py': 'x = 1\n' } })
    for (const file of [wheel, other]) {
      const again = await post(servers.there, file, { name: 'gone', version: '1.0' })
      expect([again.status, again.statusText]).toEqual([
        409,
        expect.stringMatching(/^File already exists: .*secret inside/),
      ])
    }
    const twine = await clients.twine('twine', servers.there, [other])
    expect((twine.stdout + twine.stderr).replace(/\s+/g, ' ')).toContain('File already exists: gone-1.0')
    expect((await call('POST', 'promote/gone/1.0')).text).toContain('It was deleted by')
    expect((await there('/projects/gone')).status).toBe(200)
    expect(await (await there('/projects/gone')).json()).toMatchObject({
      releases: [{ version: '1.1' }],
      deleted: [{ version: '1.0', filename: wheel.filename, deleted: { reason: 'secret inside' }, restorable: true }],
    })
    expect((await call('POST', 'projects/gone/1.0/restore')).json()).toMatchObject({ changed: true })
    expect((await there(url)).status).toBe(200)
    expect((await call('DELETE', `projects/gone/1.0/${wheel.filename}`)).json()).toMatchObject({ changed: true })
    expect((await there(url)).status).toBe(404)
    expect((await call('POST', `projects/gone/1.0/${wheel.filename}/restore`)).json()).toMatchObject({
      files: { [wheel.filename]: 'there' },
    })
  })

  it('refuses to delete what a channel points at, and says what to do', async () => {
    await upload('running', '1.0')
    expect((await call('POST', 'promote/running/1.0')).status).toBe(200)
    const refused = await call('DELETE', 'projects/running/1.0')
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('promote another release first')])
    expect(await simplePage(servers.there, 'running')).toMatchObject({ versions: ['1.0'] })
  })

  it('takes no uploads for an archived project, and gives nothing of a quarantined one', async () => {
    await upload('status', '1.0')
    const wheel = aWheel({ name: 'status', version: '1.0' })
    const set = (status: string, reason?: string) => call('PUT', 'projects/status/status', { status, reason })
    const next = () =>
      post(servers.there, aWheel({ name: 'status', version: '1.1' }), { name: 'status', version: '1.1' })
    expect((await set('archived', 'see other')).json()).toMatchObject({ message: 'status is now archived.' })
    const archived = await next()
    expect([archived.status, archived.statusText]).toEqual([
      403,
      'The project "status" is archived (see other), and takes no uploads. Make it active again first: PUT /projects/status/status.',
    ])
    expect(await simplePage(servers.there, 'status')).toMatchObject({ versions: ['1.0'] })
    expect((await set('quarantined', 'malware?')).status).toBe(200)
    expect(await simplePage(servers.there, 'status')).toMatchObject({
      files: [],
      'project-status': { reason: 'malware?' },
    })
    const file = await there(`/files/status/${wheel.sha256}/${wheel.filename}`)
    expect([file.status, await file.text()]).toEqual([403, expect.stringContaining('gives no files: malware?')])
    expect((await there('/channels/production/simple/status/')).status).toBe(200)
    expect(await (await there('/channels/production/simple/status/')).text()).not.toContain('.whl')
    expect((await call('POST', 'promote/status/1.0')).text).toContain(
      'is quarantined (malware?): nothing of it is promoted',
    )
    expect((await set('deprecated')).status).toBe(200)
    expect((await next()).status).toBe(200)
  })

  it('loses neither uploads nor yanks that come at once over all servers', async () => {
    const versions = Array.from({ length: 20 }, (_, n) => `1.${n}`)
    await upload('busy', ...versions)
    const uploads = Array.from({ length: 60 }, (_, n) => {
      const version = `2.${n}`
      return post(n % 2 ? servers.here : servers.there, aWheel({ name: 'busy', version }), { name: 'busy', version })
    })
    const yanks = versions.map((version) => call('POST', `projects/busy/${version}/yank`, { reason: version }))
    expect((await Promise.all(uploads)).every((answer) => answer.status === 200)).toBe(true)
    expect((await Promise.all(yanks)).every((answer) => answer.status === 200)).toBe(true)
    const page = (await simplePage(servers.there, 'busy')) as unknown as { files: { yanked: string | false }[] }
    expect(page.files).toHaveLength(80)
    expect(page.files.flatMap(({ yanked }) => yanked || []).sort()).toEqual([...versions].sort())
  })

  it('lists projects by prefix, page after page', async () => {
    await upload('Zoo.One', '1.0')
    await upload('zoo-two', '1.0')
    const first = await (await there('/projects/?prefix=ZOO_&limit=1')).json()
    expect(first).toMatchObject({ projects: [{ name: 'zoo-one' }], next: expect.stringContaining('after=zoo-one') })
    const next = new URL((first as { next: string }).next)
    expect(await (await there(`${next.pathname}${next.search}`)).json()).toMatchObject({
      projects: [{ name: 'zoo-two' }],
      next: null,
    })
    expect(await (await there('/projects/Zoo_One/1')).json()).toMatchObject({
      project: 'zoo-one',
      version: '1.0',
      yanked: null,
      files: [{ filename: 'zoo_one-1.0-py3-none-any.whl', uploadedBy: expect.any(String) }],
    })
  })

  it('asks for the scope manage, of the project, and lists only what one may read', async () => {
    const manager = await command('token', 'create', 'manager', '--scope', 'manage:scoped', 'read:scoped')
    const uploader = await command('token', 'create', 'uploader', '--scope', 'upload', 'read')
    await upload('scoped', '1.0')
    await upload('foreign', '1.0')
    const statusOf = async (method: string, path: string, token: string) =>
      (await call(method, `projects/${path}`, undefined, token)).status
    expect(await statusOf('POST', 'scoped/1.0/yank', manager)).toBe(200)
    expect(await statusOf('POST', 'foreign/1.0/yank', manager)).toBe(403)
    for (const [method, path] of [
      ['POST', 'scoped/1.0/yank'],
      ['POST', 'scoped/1.0/unyank'],
      ['POST', 'scoped/1.0/restore'],
      ['DELETE', 'scoped/1.0'],
      ['DELETE', 'scoped/1.0/scoped-1.0-py3-none-any.whl'],
      ['PUT', 'scoped/status'],
    ] as const) {
      expect([path, await statusOf(method, path, uploader)]).toEqual([path, 403])
    }
    expect((await call('GET', 'projects/', undefined, manager)).json()).toMatchObject({
      projects: [{ name: 'scoped' }],
    })
    expect(await statusOf('GET', 'foreign', manager)).toBe(403)
  })

  it.each([
    ['POST', 'projects/nothing/1.0/yank', undefined, 404, 'There is no project "nothing" here'],
    ['POST', 'projects/kept/9/yank', undefined, 404, '"kept" has no release 9.'],
    ['DELETE', 'projects/kept/1.0/x.whl', undefined, 404, 'kept 1.0 has no file "x.whl".'],
    ['POST', 'projects/kept/1.0/yank', { why: 'x' }, 400, 'The body is not understood'],
    ['PUT', 'projects/kept/status', { status: 'gone' }, 400, 'The body is not understood'],
    ['GET', 'projects/kept/2.0', undefined, 404, '"kept" has no release 2.0. Its newest are: 1.0.'],
    ['GET', 'projects/?limit=0', undefined, 400, 'The query is not understood'],
  ])('answers %s /%s %j with %i: %s', async (method, path, body, status, sentence) => {
    await upload('kept', '1.0')
    const answer = await call(method, path, body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(sentence)])
  })

  it('keeps who did what, from where and why, for the command to show', async () => {
    await upload('audited', '1.0')
    await call('POST', 'promote/audited/1.0', { reason: 'first' })
    await call('DELETE', 'projects/audited/1.0')
    await call('POST', 'projects/audited/1.0/yank', { reason: 'eats data' })
    const lines = (await command('audit', '--project', 'Audited')).split('\n')
    expect(
      lines.map((line) =>
        line
          .slice(21)
          .replace(/\s+/g, ' ')
          .replace(/\(\S+\)/, '()'),
      ),
    ).toEqual([
      expect.stringMatching(/^upload done audited audited-1\.0-py3-none-any\.whl by .* from 127\.0\.0\.1$/),
      expect.stringMatching(/^promote done audited 1\.0 by .* because: first$/),
      expect.stringMatching(/^delete refused audited 1\.0 .* refused: .* is what the channel production points at/),
      expect.stringMatching(/^yank done audited 1\.0 by .* because: eats data$/),
    ])
    const entries = (await command('audit', '--json')).split('\n').map((line) => JSON.parse(line))
    expect(entries.find((entry) => entry.action === 'token-create')).toMatchObject({
      actor: { token: 'command' },
      after: { name: 'manager', scopes: ['manage:scoped', 'read:scoped'] },
    })
    expect(entries.find((entry) => entry.project === 'audited' && entry.action === 'yank')).toMatchObject({
      before: { files: { 'audited-1.0-py3-none-any.whl': 'there' } },
      after: { files: { 'audited-1.0-py3-none-any.whl': 'yanked' } },
    })
    const log = await readFile(join(servers.here.folder, `server-${servers.here.port}.log`), 'utf8')
    expect(log).not.toContain(servers.here.token)
  })
})
