import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, deployments } from '../support/deployments.ts'
import { clientsIn, simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { type RunningWheelhouse, startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

const json = 'application/vnd.pypi.simple.v1+json'

interface MadeToken {
  readonly id: string
  readonly token: string
}

describe.each(deployments)('who may, %s', (_name, deploy) => {
  let servers: Deployment
  let home: TemporaryFolder
  beforeAll(async () => {
    servers = await deploy()
    home = await temporaryFolder('client')
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  const ask = (path: string, token: string, init: RequestInit = {}) =>
    fetch(servers.there.url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, accept: json, 'content-type': 'application/json' },
    })
  const makeToken = async (name: string, scopes: readonly string[], more = {}) => {
    const body = JSON.stringify({ name, scopes, ...more })
    const answer = await ask('/tokens', servers.here.token, { method: 'POST', body })
    expect(answer.status).toBe(201)
    return (await answer.json()) as MadeToken
  }
  const upload = (name: string, token: string) =>
    clientsIn(home.path).twine('twine', servers.here, [aWheel({ name, version: '1.0' })], token)

  it('keeps a token to the projects that it names, in uploads, pages, files, promotions and the list of projects', async () => {
    const { token } = await makeToken('team', ['read:acme-*', 'upload:acme-*', 'promote:acme-forms'])
    expect((await upload('acme-forms', token)).code).toBe(0)
    const refused = await upload('other', token)
    expect(refused.code).not.toBe(0)
    expect(refused.stdout + refused.stderr).toMatch(/The token "team" has the scopes .*needs upload for "other"/)
    expect(await simplePage(servers.there, 'other')).toBe(404)
    expect((await upload('other', servers.here.token)).code).toBe(0)
    const seen = (await (await ask('/simple/', token)).json()) as { projects: { name: string }[] }
    expect(seen.projects.map(({ name }) => name)).toEqual(['acme-forms'])
    expect((await ask('/simple/acme-forms/', token)).status).toBe(200)
    expect((await ask('/simple/other/', token)).status).toBe(403)
    const page = await simplePage(servers.there, 'other')
    const file = typeof page === 'number' ? '' : new URL(page.files[0]?.url ?? '', 'http://x/simple/other/').pathname
    expect((await ask(file, token)).status).toBe(403)
    expect((await ask(file, servers.here.token)).status).toBe(200)
    expect((await ask('/promote/acme-forms/1.0', token, { method: 'POST' })).status).toBe(200)
    expect((await ask('/promote/other/1.0', token, { method: 'POST' })).status).toBe(403)
  })

  it('lets admins make, list and revoke tokens by HTTP, and nobody else', async () => {
    const made = await makeToken('ci', ['upload'], { expires_in_days: 30 })
    expect(made).toMatchObject({ name: 'ci', scopes: ['upload'], alive: true, token: expect.stringMatching(/^whl_/) })
    const list = async () => await (await ask('/tokens', servers.here.token)).text()
    expect(await list()).toContain(made.id)
    expect(await list()).not.toContain(made.token)
    expect((await ask('/tokens', made.token)).status).toBe(403)
    expect((await ask(`/tokens/${made.id}`, servers.here.token, { method: 'DELETE' })).status).toBe(200)
    await until(async () => (await upload('by-ci', made.token)).code !== 0, 10)
    expect((await ask('/tokens/0123', servers.here.token, { method: 'DELETE' })).status).toBe(404)
    const wrong = await ask('/tokens', servers.here.token, { method: 'POST', body: '{"name":"x","scopes":["write"]}' })
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('There is no scope')])
  })

  it('shows on which day a token was last used', async () => {
    const { id, token } = await makeToken('reader', ['read'])
    const listed = async () => {
      const { tokens } = (await (await ask('/tokens', servers.here.token)).json()) as {
        tokens: { id: string; lastUsedOn?: string }[]
      }
      return tokens.find((one) => one.id === id)?.lastUsedOn
    }
    expect(await listed()).toBeUndefined()
    await ask('/simple/', token)
    await until(async () => (await listed()) !== undefined)
    expect(await listed()).toMatch(/^\d{4}-\d\d-\d\d$/)
    const words = [process.execPath, wheelhouseScript, 'token', 'list']
    const byCommand = await run(words, { env: servers.here.environment, cwd: servers.here.folder })
    expect(byCommand.stdout).toMatch(new RegExp(`${id} .* used \\d{4}-\\d\\d-\\d\\d +reader`))
  })
})

describe('somebody who guesses tokens', () => {
  let server: RunningWheelhouse
  beforeAll(async () => {
    server = await startWheelhouse()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  const status = async (token: string) => {
    const answer = await fetch(`${server.url}/simple/`, { headers: { authorization: `Bearer ${token}` } })
    return [answer.status, answer.headers.get('retry-after') !== null]
  }

  it('is told to wait, while good tokens from the same address go through', async () => {
    let last: unknown[] = []
    for (let n = 0; n < 200 && last[0] !== 429; n++) last = await status(`whl_guess${n}`)
    expect(last).toEqual([429, true])
    expect(await status(server.token)).toEqual([200, false])
  })
})
