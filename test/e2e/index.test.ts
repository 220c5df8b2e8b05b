import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { greetingWheel } from '../support/demo-app.ts'
import { type Deployment, deployments } from '../support/deployments.ts'
import { clientsIn, indexUrl, post, simplePage } from '../support/index-clients.ts'
import { type NginxServer, startNginx } from '../support/nginx.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'
import { anSdist, aWheel, type BuiltArchive } from '../support/wheels.ts'

describe.each(deployments)('the index, %s', (_name, deploy) => {
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

  it.each(['twine', 'debianTwine'] as const)(
    'takes wheels and sdists from %s, and every server shows them at once',
    async (tool) => {
      const name = `by-${tool.toLowerCase()}`
      const files = [aWheel({ name, version: '1.0' }), anSdist({ name, version: '1.0' })]
      const uploaded = await clients.twine(tool, servers.here, files)
      expect(uploaded.code, uploaded.stdout + uploaded.stderr).toBe(0)
      const page = await simplePage(servers.there, name)
      expect(page).toMatchObject({ versions: ['1.0'] })
      expect(typeof page !== 'number' && page.files.map((file) => file.hashes.sha256).sort()).toEqual(
        files.map((file) => file.sha256).sort(),
      )
    },
  )

  it('takes wheels from uv publish', async () => {
    const uploaded = await clients.uvPublish(servers.here, [aWheel({ name: 'by-uv', version: '2.0rc1' })])
    expect(uploaded.code, uploaded.stderr).toBe(0)
    expect(await simplePage(servers.there, 'by-uv')).toMatchObject({ versions: ['2.0rc1'] })
  })

  it('says nothing against the same bytes again, and refuses other bytes so that twine and uv show why', async () => {
    const first = aWheel({ name: 'twice', version: '1.0', files: { 'twice.py': 'one = 1\n' } })
    const other = aWheel({ name: 'twice', version: '1.0', files: { 'twice.py': 'two = 2\n' } })
    expect((await clients.twine('twine', servers.here, [first])).code).toBe(0)
    expect((await clients.twine('twine', servers.there, [first])).code).toBe(0)
    const byTwine = await clients.twine('twine', servers.there, [other])
    expect(byTwine.code).not.toBe(0)
    expect(words(byTwine.stdout + byTwine.stderr)).toContain('409 Conflict from')
    expect(words(byTwine.stdout + byTwine.stderr)).toContain('File already exists: twice-1.0-py3-none-any.whl')
    const byUv = await clients.uvPublish(servers.here, [other])
    expect(byUv.code).not.toBe(0)
    expect(words(byUv.stderr)).toContain('File already exists: twice-1.0-py3-none-any.whl')
    expect(await simplePage(servers.here, 'twice')).toMatchObject({ files: [{ hashes: { sha256: first.sha256 } }] })
  })

  describe.each(['as the client asks for it', 'as HTML'])(
    'installs a package and its dependency by hash, %s,',
    (page) => {
      const app = aWheel({ name: 'needs-greeting', version: '1.0', requires: ['greeting==2.0'] })
      const greeting = greetingWheel('2.0')
      let proxy: NginxServer
      let index: string
      let locked: string
      beforeAll(async () => {
        await clients.twine('twine', servers.here, [app, greeting])
        // Every client asks for JSON before HTML: only something in between can make the server answer with HTML.
        const directives = page === 'as HTML' ? ['proxy_set_header Accept text/html'] : []
        proxy = await startNginx({ upstreams: [servers.there.url.replace('http://', '')], directives })
        index = indexUrl({ ...servers.there, url: proxy.url })
        locked = join(home.path, 'requirements.txt')
        const line = (name: string, version: string, { sha256 }: BuiltArchive) =>
          `${name}==${version} --hash=sha256:${sha256}\n`
        await writeFile(locked, line('needs-greeting', '1.0', app) + line('greeting', '2.0', greeting))
      })
      afterAll(() => proxy?.[Symbol.asyncDispose]())

      it.each(['pipOld', 'pipNew'] as const)('with %s', async (pip) => {
        const into = `lib-${pip}-${page}`
        const hashed = ['--require-hashes', '-r', locked]
        const installed = await clients.pipInstall(pip, index, hashed, into)
        expect(installed.code, installed.stdout + installed.stderr).toBe(0)
        expect(installed.stdout).toMatch(/Successfully installed greeting-2.0 needs-greeting-1.0/)
        expect(existsSync(join(home.path, into, 'greeting', '__init__.py'))).toBe(true)
        const unpinned = await clients.pipInstall(pip, index, ['--require-hashes', 'needs-greeting==1.0'], 'nowhere')
        expect(unpinned.code).not.toBe(0)
      })

      it('with uv', async () => {
        const installed = await clients.uvInstall(index, ['--require-hashes', '-r', locked], `lib-uv-${page}`)
        expect(installed.code, installed.stderr).toBe(0)
        expect(installed.stderr).toContain('needs-greeting==1.0')
      })
    },
  )

  it('turns away a revoked token on every server within five seconds', async () => {
    const command = async (...words: string[]) => {
      const run = await clients.runOk([process.execPath, wheelhouseScript, ...words], servers.here.environment)
      return run.stdout.trim()
    }
    const token = await command('token', 'create', 'soon-gone', '--scope', 'read')
    const statuses = async () =>
      await Promise.all([servers.here, servers.there].map((server) => statusOf(`${server.url}/simple/`, token)))
    expect(await statuses()).toEqual([200, 200])
    await command('token', 'revoke', token.split('_')[1] ?? '')
    await until(async () => (await statuses()).every((status) => status === 401), 5)
  })

  it('counts every one of 200 parallel uploads once, over all servers', async () => {
    const wheels = Array.from({ length: 200 }, (_, n) => aWheel({ name: 'crowd', version: `1.${n}` }))
    const answers = await Promise.all(
      wheels.map((wheel, n) =>
        post(n % 2 === 0 ? servers.here : servers.there, wheel, { name: 'crowd', version: `1.${n}` }),
      ),
    )
    expect(answers.map((answer) => answer.status)).toEqual(wheels.map(() => 200))
    const page = await simplePage(servers.here, 'crowd')
    expect(typeof page !== 'number' && page.files.length).toBe(200)
    expect(typeof page !== 'number' && page.versions).toEqual(wheels.map((_, n) => `1.${n}`))
  })

  it('lets exactly one of 20 racing uploads with different bytes win', async () => {
    const wheels = Array.from({ length: 20 }, (_, n) =>
      aWheel({ name: 'race', version: '1.0', files: { 'r.py': `n = ${n}\n` } }),
    )
    const answers = await Promise.all(
      wheels.map((wheel, n) =>
        post(n % 2 === 0 ? servers.here : servers.there, wheel, { name: 'race', version: '1.0' }),
      ),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
    const winner = wheels[answers.findIndex((answer) => answer.ok)]
    expect(await simplePage(servers.there, 'race')).toMatchObject({ files: [{ hashes: { sha256: winner?.sha256 } }] })
  })
})

async function statusOf(url: string, token: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status
}

/** Without the line breaks and frames that clients put into messages. */
function words(text: string): string {
  return text.replace(/[│╭╮╰╯─\n]+/g, ' ').replace(/\s+/g, ' ')
}
