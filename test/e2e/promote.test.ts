import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, deployments } from '../support/deployments.ts'
import { clientsIn, post } from '../support/index-clients.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { aWheel } from '../support/wheels.ts'

interface Promoted {
  readonly serial: number
  readonly version: string
}

describe.each(deployments)('promoting, %s', (_name, deploy) => {
  let servers: Deployment
  let home: TemporaryFolder
  beforeAll(async () => {
    servers = await deploy()
    home = await temporaryFolder('client')
    for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
      expect((await post(servers.here, aWheel({ name: 'app', version }), { name: 'app', version })).status).toBe(200)
    }
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  async function promote(path: string, body?: object, headers: Record<string, string> = {}) {
    const answer = await fetch(`${servers.here.url}/promote/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${servers.here.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  async function history(): Promise<readonly Promoted[]> {
    const answer = await fetch(`${servers.there.url}/channels/app`, {
      headers: { authorization: `Bearer ${servers.there.token}` },
    })
    const { channels } = (await answer.json()) as { channels: { production: { history: Promoted[] } } }
    return channels.production.history
  }
  async function installed(into: string): Promise<string> {
    const index = `${servers.there.url.replace('://', `://x:${servers.there.token}@`)}/channels/production/simple/`
    const { code, stdout, stderr } = await clientsIn(home.path).pipInstall('pipNew', index, ['app'], into)
    expect(code, stdout + stderr).toBe(0)
    return /Successfully installed (.*)/.exec(stdout)?.[1] ?? stdout
  }

  it('shows the newest where nothing was promoted, then exactly what was, and an older one after promoting back', async () => {
    expect(await installed('whole')).toBe('app-2.0.0')
    expect(await promote('app/1.0.0')).toEqual({ status: 200, text: 'production of app is now 1.0.0.\n' })
    expect(await installed('first')).toBe('app-1.0.0')
    expect((await promote('App/1.1', { reason: 'new menu' })).text).toBe(
      'production of app is now 1.1.0 (before: 1.0.0).\n',
    )
    expect(await installed('second')).toBe('app-1.1.0')
    expect((await promote('app/1.0.0', { reason: 'the menu is broken' })).text).toContain('now 1.0.0 (before: 1.1.0)')
    expect(await installed('back')).toBe('app-1.0.0')
  })

  it('changes nothing when the channel points there already, and says so', async () => {
    const again = await promote('app/1.0.0', undefined, { accept: 'application/json' })
    expect(JSON.parse(again.text)).toMatchObject({
      changed: false,
      message: expect.stringContaining('already: nothing changed'),
    })
  })

  it('promotes files, not a name: a wheel that comes later is not part of it', async () => {
    const late = aWheel({ name: 'app', version: '1.0.0', tags: ['py2-none-any'] })
    expect((await post(servers.there, late, { name: 'app', version: '1.0.0' })).status).toBe(200)
    const page = await fetch(`${servers.here.url}/channels/production/simple/app/`, {
      headers: { authorization: `Bearer ${servers.here.token}` },
    })
    const text = await page.text()
    expect(text).toContain('app-1.0.0-py3-none-any.whl')
    expect(text).not.toContain(late.filename)
  })

  it('keeps the whole history: who, when, why', async () => {
    const answer = await fetch(`${servers.there.url}/channels/app`, {
      headers: { authorization: `Bearer ${servers.there.token}` },
    })
    const { channels } = (await answer.json()) as {
      channels: { production: { current: object; history: Record<string, unknown>[] } }
    }
    expect(channels.production.history.map(({ serial, version, reason }) => [serial, version, reason])).toEqual([
      [1, '1.0.0', undefined],
      [2, '1.1.0', 'new menu'],
      [3, '1.0.0', 'the menu is broken'],
    ])
    expect(channels.production.current).toMatchObject({
      serial: 3,
      by: expect.any(String),
      at: expect.stringMatching(/^20\d\d-/),
    })
  })

  it('loses none of many promotions at once', async () => {
    const before = await history()
    const sent = Array.from({ length: 10 }, (_, n) =>
      promote(`app/${n % 2 === 0 ? '1.1.0' : '2.0.0'}`, undefined, { accept: 'application/json' }),
    )
    const answers = await Promise.all(sent)
    expect(answers.map(({ status }) => status)).toEqual(sent.map(() => 200))
    const after = await history()
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.map(({ serial }) => serial)).toEqual(after.map((_, at) => at + 1))
    // Each that was told to have changed the channel stands there once, and nothing else does; the others found it there.
    const changed = answers
      .map(({ text }) => JSON.parse(text) as { changed: boolean; pointer: Promoted })
      .filter((answer) => answer.changed)
      .map(({ pointer: { serial, version } }) => ({ serial, version }))
    expect(changed.sort((a, b) => a.serial - b.serial)).toEqual(
      after.slice(before.length).map(({ serial, version }) => ({ serial, version })),
    )
    expect(new Set(changed.map(({ version }) => version))).toEqual(new Set(['1.1.0', '2.0.0']))
  })

  it.each([
    ['app/9.9', undefined, 404, '"app" has no release 9.9. Its newest are: 2.0.0, 1.1.0, 1.0.0.'],
    ['nothing/1.0', undefined, 404, 'There is no project "nothing" here'],
    ['app/1.0.0?channel=moon', undefined, 404, 'There is no channel "moon". Configured are: production'],
    ['app/1.0.0', { reason: 7 }, 400, 'The body is not understood'],
  ])('refuses %s with body %j', async (path, body, status, sentence) => {
    const answer = await promote(path, body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(sentence)])
  })

  it('needs the scope promote', async () => {
    const made = await fetch(`${servers.here.url}/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${servers.here.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'reader', scopes: ['read', 'upload'] }),
    })
    const { token } = (await made.json()) as { token: string }
    const refused = await promote('app/1.0.0', undefined, { authorization: `Bearer ${token}` })
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('but this needs promote')])
    expect((await promote('app/1.0.0', undefined, { authorization: 'Bearer nothing' })).status).toBe(401)
  })
})
