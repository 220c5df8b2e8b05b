import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoAppOptions, demoApp, greetingWheel } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import { givenAway } from '../support/given-away.ts'
import { clientsIn } from '../support/index-clients.ts'
import { startLoad } from '../support/load.ts'
import { startNginx } from '../support/nginx.ts'
import { type PackageIndex, startPackageIndex } from '../support/package-index.ts'
import { runOk } from '../support/run.ts'
import { toolPaths } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { aWheel } from '../support/wheels.ts'

interface DeployJson {
  readonly phase: string
  readonly reason: string | null
  readonly nodes: readonly { name: string; state: string; release?: string; nodeClass?: string }[]
}

describe.each(ways)('deploying, %s', (_name, way) => {
  let site: DeploySite
  let second: PackageIndex
  beforeAll(async () => {
    second = await startPackageIndex()
    site = await startSite(way, {
      nodes: [{}, { python3: 'pypy' }],
      // Slow enough to be cut in the middle; the other suites install with uv.
      service: { installer: 'pip' },
      // By another name than ours: netrc knows no ports.
      indexes: ['self', second.url.replace('127.0.0.1', 'localhost')],
    })
    const python = execFileSync(toolPaths().python, ['-c', 'import sys; print("cp%d%d" % sys.version_info[:2])'])
    second.add(greetingWheel('1.0'))
    // For CPython a wheel of its platform, for PyPy the pure one: the nodes differ in what fits them.
    second.add(greetingWheel('2.0', { tags: [`${python.toString().trim()}-none-linux_x86_64`] }))
    second.add(greetingWheel('2.0'))
    second.add(aWheel({ name: 'only-cpython', version: '1.0' }))
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await second?.[Symbol.asyncDispose]()
  })

  const publish = (options: DemoAppOptions) => site.publish(demoApp(options), options.version)
  const versions = async () => (await site.running()).map((running) => running?.version)
  const current = (at: number) => {
    const { root } = site.fleet.members[at]?.service ?? { root: '' }
    return join(root, readlinkSync(join(root, 'current')))
  }
  const packagesOn = (at: number) =>
    // Once: lib64 is a link to lib.
    [
      ...new Set(
        readdirSync(current(at), { recursive: true, encoding: 'utf8' }).flatMap(
          (path) => /([^/]+)\.dist-info$/.exec(path)?.[1] ?? [],
        ),
      ),
    ].sort()

  /** With which nodes read while a deploy ran. */
  let tokens: readonly string[] = []
  const secretsOnNodes = () =>
    site.fleet.members.flatMap(({ service }) => {
      const runs = join(service.root, '.wheelhouse', 'runs')
      const secrets = readdirSync(runs).map((run) => join(runs, run, 'secret'))
      return secrets.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))
    })
  const statusWith = async (token: string) =>
    (await fetch(`${site.server().url}/simple/app/`, { headers: { authorization: `Bearer ${token}` } })).status

  it('takes what twine uploaded to every node, and sees it run', async () => {
    const wheel = demoApp({ version: '1.0.0', greeting: '==1.0' })
    const uploaded = await clientsIn(site.home).twine('twine', site.server(), [wheel])
    expect(uploaded.code, uploaded.stdout + uploaded.stderr).toBe(0)
    const { status, text } = await site.promote('1.0.0')
    expect(status, text).toBe(200)
    expect(text).toContain('production of app is now 1.0.0.')
    expect(text).toContain('web.production.1: app 1.0.0 on web succeeded.')
    expect(await site.running()).toMatchObject([
      { version: '1.0.0', greeting: '1.0' },
      { version: '1.0.0', greeting: '1.0' },
    ])
  }, 240_000)

  it('does nothing when that runs already, and says so', async () => {
    const before = await site.running()
    const { status, text } = await site.promote('1.0.0', '')
    expect(status).toBe(200)
    expect(text).toContain('production of app is 1.0.0 already: nothing changed.')
    expect((await site.running()).map((one) => one?.pid)).toEqual(before.map((one) => one?.pid))
  })

  it('upgrades with a changed dependency from the second index, each class of node by what fits it', async () => {
    await publish({ version: '1.1.0', greeting: '==2.0', requires: ['only-cpython; implementation_name == "cpython"'] })
    const { status, text } = await site.promote('1.1.0')
    expect(status, text).toBe(200)
    expect(await site.running()).toMatchObject([
      { version: '1.1.0', greeting: '2.0' },
      { version: '1.1.0', greeting: '2.0' },
    ])
    expect(packagesOn(0)).toEqual(['app-1.1.0', 'greeting-2.0', 'only_cpython-1.0'])
    expect(packagesOn(1)).toEqual(['app-1.1.0', 'greeting-2.0'])
    const { nodes } = await site.get<DeployJson>('/deploys/web.production.2')
    expect(nodes[0]?.nodeClass).not.toBe(nodes[1]?.nodeClass)
    expect(nodes[0]?.release).not.toBe(nodes[1]?.release)
    expect(await site.text('/deploys/web.production.2/output')).toContain('-none-linux_x86_64.whl')
  }, 240_000)

  it('rolls back with no index in reach and an empty pip cache', async () => {
    await site.gate.close()
    await second.closeToClients()
    for (const { node } of site.fleet.members) rmSync(join(node.home, 'cache'), { recursive: true, force: true })
    const { status, text } = await site.promote('1.0.0')
    expect(status, text).toBe(200)
    expect(text).toContain('now 1.0.0 (before: 1.1.0)')
    expect(await site.running()).toMatchObject([
      { version: '1.0.0', greeting: '1.0' },
      { version: '1.0.0', greeting: '1.0' },
    ])
    await site.gate.open()
    await second.openToClients()
  }, 240_000)

  it('rolls a release that cannot start back by itself, with the node that it did not reach untouched', async () => {
    await publish({ version: '1.2.0', importError: true })
    const before = await site.running()
    const { status, text } = await site.promote('1.2.0')
    expect(status, text).toBe(424)
    expect(text).toContain('app 1.2.0 on web failed and was rolled back')
    expect(text).toMatch(/Reason: web1: nothing answers at .*Connection refused/)
    expect(text).toMatch(/web1 .*is back on what it ran \(before: 1.0.0\)/)
    expect(text).toMatch(/web2 .*installed beside, not touched \(before: 1.0.0\)/)
    expect(await versions()).toEqual(['1.0.0', '1.0.0'])
    expect((await site.running())[1]?.pid).toBe(before[1]?.pid)
  }, 240_000)

  it('starts pip once, and succeeds, with every session cut in the middle of the install', async () => {
    await publish({ version: '1.6.0', greeting: '==2.0' })
    const first = await site.promote('1.6.0', '')
    expect(first.status).toBe(202)
    const id = /(web\.production\.\d+):/.exec(first.text)?.[1] ?? ''
    const phase = async () => (await site.get<DeployJson>(`/deploys/${id}`)).phase
    await until(async () => (await phase()) === 'staging')
    const asked = site.gate.connections()
    site.gate.hold()
    // Both pips have asked, and wait for an answer.
    await until(() => site.gate.connections() >= asked + 2)
    tokens = secretsOnNodes().map((netrc) => / password (\S+)/.exec(netrc)?.[1] ?? '')
    expect(tokens.length).toBeGreaterThan(0)
    expect(await Promise.all(tokens.map(statusWith))).toEqual(tokens.map(() => 200))
    for (let cut = 0; cut < 3; cut++) {
      await until(() => site.fleet.members.every(({ node }) => node.killSessions() > 0))
    }
    site.gate.release()
    const { status, text } = await site.promote('1.6.0')
    expect(status, text).toBe(200)
    const output = await site.text(`/deploys/${id}/output`)
    for (const name of ['web1', 'web2']) {
      const own = output.split('== ').filter((part) => new RegExp(`^${name}: \\d+-stage`).test(part))
      expect(own.length, output).toBe(1)
      expect(own[0]?.match(/Collecting app@/g), output).toHaveLength(1)
    }
  }, 240_000)

  it('fails without touching what runs when no wheel fits, and tells which there are', async () => {
    const odd = aWheel({ name: 'app', version: '3.0.0', tags: ['cp27-cp27m-win32'] })
    await site.publish(odd, '3.0.0')
    const { status, text } = await site.promote('3.0.0')
    expect(status).toBe(424)
    expect(text).toContain('Its wheels: app-3.0.0-cp27-cp27m-win32.whl')
    expect(text).toContain('Nothing that runs was touched.')
    expect((await site.promote('1.6.0')).status).toBe(200)
  }, 240_000)

  it('fails without touching what runs where one node of the fleet cannot install a dependency', async () => {
    const python = execFileSync(toolPaths().python, ['-c', 'import sys; print("cp%d%d" % sys.version_info[:2])'])
    second.add(aWheel({ name: 'for-cpython', version: '1.0', tags: [`${python.toString().trim()}-none-linux_x86_64`] }))
    await publish({ version: '3.2.0', requires: ['for-cpython'] })
    const pythons = site.fleet.members.map(({ node }) => join(node.root, '..', 'bin', 'python3'))
    const quiet = pythons.map(givenAway)
    const { status, text } = await site.promote('3.2.0')
    for (const restore of quiet) restore()
    expect(status).toBe(424)
    // The token with which nodes read the index is shown to nobody, whoever prints it.
    const id = /(web\.production\.\d+):/.exec(text)?.[1] ?? ''
    const shown = await Promise.all(['', '/output', '/events'].map((more) => site.text(`/deploys/${id}${more}`)))
    expect(shown[1]).toMatch(/^machine 127\.0\.0\.1 login __token__ password \[secret\]$/m)
    expect([text, ...shown, site.server().output()].join('\n')).not.toMatch(/whl_[0-9a-z]{20}_/)
    expect(text).toMatch(/Reason: web2: .*for-cpython/)
    expect(text).toContain('Nothing that runs was touched.')
    expect(await versions()).toEqual(['1.6.0', '1.6.0'])
    expect((await site.promote('1.6.0')).status).toBe(200)
  }, 240_000)

  it('refuses a dependency that would come from elsewhere though it is hosted here', async () => {
    const server = site.server()
    const wheel = aWheel({ name: 'inside', version: '1.0' })
    const uploaded = await clientsIn(site.home).twine('twine', server, [wheel])
    expect(uploaded.code, uploaded.stdout).toBe(0)
    second.add(aWheel({ name: 'inside', version: '99.0' }))
    await publish({ version: '3.1.0', requires: ['inside'] })
    const { status, text } = await site.promote('3.1.0')
    expect(status).toBe(424)
    expect(text).toContain('inside is hosted here, but pip would take 99.0 from')
    expect((await site.promote('1.6.0')).status).toBe(200)
  }, 240_000)

  it('deploys the newest of those that were promoted while one runs, and tells the others that they were superseded', async () => {
    for (const version of ['1.7.0', '1.8.0', '1.9.0']) await publish({ version, greeting: '==2.0' })
    const service = () =>
      site.get<{ running?: string; waiting?: string; recent: { phase: string; version: string }[] }>('/services/web')
    // The first is held up where it asks the index.
    site.gate.hold()
    const running = site.promote('1.7.0')
    await until(async () => (await service()).running !== undefined)
    const waiting = site.promote('1.8.0')
    await until(async () => (await service()).waiting !== undefined)
    const newest = site.promote('1.9.0')
    const superseded = await waiting
    expect([superseded.status, superseded.text]).toEqual([
      409,
      expect.stringContaining('was superseded before it began'),
    ])
    site.gate.release()
    const [first, last] = [await running, await newest]
    expect([first.status, last.status], first.text + last.text).toEqual([200, 200])
    expect(await versions()).toEqual(['1.9.0', '1.9.0'])
    // The history is written a moment after the deploy's own document.
    await until(async () => (await service()).running === undefined)
    expect((await service()).recent.slice(0, 3)).toMatchObject([
      { version: '1.9.0', phase: 'succeeded' },
      { version: '1.7.0', phase: 'succeeded' },
      { version: '1.8.0', phase: 'superseded' },
    ])
  }, 240_000)

  it('loses no request through a load balancer that tries once more, while both nodes are deployed', async () => {
    await publish({ version: '2.0.0', greeting: '==2.0' })
    const upstreams = site.fleet.members.map(({ service }) => `127.0.0.1:${service.port}`)
    await using balancer = await startNginx({ upstreams })
    const load = startLoad(`${balancer.url}/`, 8)
    const { status, text } = await site.promote('2.0.0')
    const { answered, failed } = await load.stop()
    expect(status, text).toBe(200)
    expect(failed).toEqual([])
    expect(answered).toBeGreaterThan(300)
    expect(await versions()).toEqual(['2.0.0', '2.0.0'])
  }, 240_000)

  it('keeps the newest releases on the nodes, and removes older ones', () => {
    for (const { service } of site.fleet.members) {
      const versions = readdirSync(join(service.root, 'releases')).map((name) => name.split('-')[0])
      expect(versions.sort()).toEqual(['1.2.0', '1.6.0', '1.7.0', '1.9.0', '2.0.0'])
    }
  })

  it('would be seen to lose requests there, if both nodes were restarted at once', async () => {
    const upstreams = site.fleet.members.map(({ service }) => `127.0.0.1:${service.port}`)
    await using balancer = await startNginx({ upstreams })
    const load = startLoad(`${balancer.url}/`, 8)
    await Promise.all(site.fleet.members.map(({ service }) => service.restart()))
    await until(async () => (await versions()).every((version) => version === '2.0.0'))
    expect((await load.stop()).failed.length).toBeGreaterThan(0)
  }, 240_000)

  it('tells a node that boots what to install: the script of the documentation does', async () => {
    const documented = readFileSync('docs/operations.md', 'utf8')
    const script = /```sh\n(#!\/bin\/sh\n[^`]*\/desired[^`]*)```/.exec(documented)?.[1] ?? ''
    const [{ node, service } = { node: { root: '' }, service: { root: '' } }] = site.fleet.members
    const root = join(node.root, 'booted')
    const PATH = `${join(node.root, '..', 'bin')}:/usr/local/bin:/usr/bin:/bin`
    await runOk(['sh', '-c', script], { env: { PATH, INDEX: site.gate.url, ROOT: root, TOKEN: site.server().token } })
    expect(readlinkSync(join(root, 'current'))).toBe(readlinkSync(join(service.root, 'current')))
    const python = join(root, 'current/bin/python')
    const { stdout } = await runOk([python, '-c', 'import app._version as v; print(v.VERSION)'])
    expect(stdout).toBe('2.0.0\n')
    expect(readdirSync(root).sort()).toEqual(['current', 'releases'])
    expect(await site.text('/services/web/desired')).toContain('several classes of nodes fit: say ?python=3.11')
  }, 240_000)

  it('leaves no token behind on the nodes, nor one that still works', async () => {
    expect(secretsOnNodes()).toEqual([])
    expect(tokens.length).toBeGreaterThan(0)
    expect(await Promise.all(tokens.map(statusWith))).toEqual(tokens.map(() => 401))
  })

  it('shows services and deploys to people and to programs', async () => {
    expect(await site.text('/services')).toBe('web  app on production  desired 2.0.0, stable 2.0.0\n')
    const service = await site.get<{ stable: object; recent: { phase: string; version: string }[] }>('/services/web')
    expect(service.stable).toMatchObject({ version: '2.0.0' })
    expect(service.recent.map(({ phase }) => phase)).toContain('rolled_back')
    expect(await site.text('/deploys/web.production.99')).toContain('There is no deploy')
    expect(await site.text('/services/nothing')).toContain('Configured are: web')
  })
})
