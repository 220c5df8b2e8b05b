import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoAppOptions, demoApp, greetingWheel, writeDemoProject } from '../support/demo-app.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'
import { freePort } from '../support/free-port.ts'
import { post } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { toolPaths, useTool } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'

/** This node reaches the index through the worker alone, which is the only one to know this name. */
const hidden = 'index.nodes-do-not-know.test'
const allow = 'port-forwarding,permitlisten="127.0.0.1:*"'

describe('the commands that speak to a server', () => {
  let site: DeploySite
  const notices: { readonly type: string; readonly text: string }[] = []
  const receiver = createServer(async (request, response) => {
    notices.push(JSON.parse(await text(request)))
    response.end()
  })
  beforeAll(async () => {
    const port = await freePort()
    receiver.listen(port, '127.0.0.1')
    const notify = [
      { name: 'chat', webhook: `http://127.0.0.1:${port}/` },
      { name: 'journal', log: true },
    ]
    const service = { index_access: 'ssh' }
    site = await startSite(embedded, { nodes: [{ allow }], notify, service, hiddenName: hidden })
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    receiver.close()
  })

  const publish = (options: DemoAppOptions) => site.publish(demoApp(options), options.version)
  async function publishGreeting(version: string): Promise<void> {
    expect((await post(site.server(), greetingWheel(version), { name: 'greeting', version })).status).toBe(200)
  }
  const wheelhouse = async (command: string, environment: Record<string, string> = {}) => {
    const { url, token } = site.server()
    const env = { PATH: process.env['PATH'] ?? '', WHEELHOUSE_URL: url, WHEELHOUSE_TOKEN: token, ...environment }
    const { code, stdout, stderr } = await run([process.execPath, wheelhouseScript, ...command.split(' ')], { env })
    return { code, text: stdout + stderr }
  }

  it('promote, tell what happens line by line, and end with 0 once the release runs', async () => {
    await publish({ version: '1.0.0' })
    const { code, text } = await wheelhouse('promote app 1.0.0 --reason hello')
    expect(code, text).toBe(0)
    expect(text).toMatch(/on web installs beside what runs\.\n[\s\S]*web1 {2}restarting\n[\s\S]*web1 {2}runs it\n/)
    expect(text).toMatch(/web\.production\.1: app 1\.0\.0 on web succeeded\.\nproduction of app is now 1\.0\.0\.\n/)
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.0.0'])
  }, 120_000)

  it('end with 3 where it was rolled back, and show what the node printed', async () => {
    await publish({ version: '1.1.0', importError: true })
    const { code, text } = await wheelhouse('promote app 1.1.0')
    expect(code, text).toBe(3)
    expect(text).toMatch(/Reason: web1: nothing answers at [\s\S]*web1 {2}is back on what it ran \(before: 1\.0\.0\)/)
    expect((await wheelhouse('deploys web.production.2')).text).toContain('failed and was rolled back')
    await until(() => notices.length >= 2)
    expect(notices.map(({ type }) => type)).toEqual(['deploy.succeeded', 'deploy.rolled_back'])
    expect(notices[1]?.text).toContain(
      'web.production.2: app 1.1.0 on web failed and was rolled back. web1: nothing answers',
    )
    const line = '"message":"web.production.2: app 1.1.0 on web failed and was rolled back. web1: nothing answers'
    await until(() => site.server().output().includes(line))
    expect((await wheelhouse('logs web.production.2 --node web1')).text).toContain('== web1: ')
    expect((await wheelhouse('logs web.production.2 --node web9')).text).toBe('')
  }, 120_000)

  it('show what a promotion would do, node by node, and change nothing', async () => {
    await publish({ version: '1.1.1' })
    const unknown = await wheelhouse('plan app 1.1.1')
    expect(unknown).toEqual({
      code: 0,
      text: expect.stringContaining('production of app would be 1.1.1 in place of 1.1.0'),
    })
    expect(unknown.text).toMatch(
      /web: 1 node: one wave; .*\n {2}web1 {2}runs 1\.0\.0; app 1\.0\.0 -> 1\.1\.1 \(to be pinned\)\n {8}python 3\.\S+, uv \d\S+, \d+\.\d GiB free\n$/,
    )
    expect((await wheelhouse('plan app 1.1.0')).text).toContain('web1  runs 1.0.0; app 1.0.0 -> 1.1.0')
    // What cannot be resolved is told before anybody promotes it.
    await publish({ version: '1.1.2', requires: ['nowhere>=1'] })
    expect((await wheelhouse('plan app 1.1.2')).text).toMatch(
      /runs 1\.0\.0; dependencies not known\n[\s\S]*WARNING: Resolving the dependencies of app 1\.1\.2 failed [\s\S]*nowhere/,
    )
    expect((await readdir('/tmp')).filter((name) => name.startsWith('wheelhouse-plan-'))).toEqual([])
    expect(await site.text('/tokens')).not.toContain('dry-run')
    expect((await wheelhouse('plan app 9.9')).code).toBe(2)
    expect((await wheelhouse('services web')).text).not.toContain('1.1.1')
  }, 60_000)

  it('end with 7 where the wait is over first, and tell the rest when asked', async () => {
    await publishGreeting('1.0')
    await publish({ version: '1.2.0', greeting: '>=1.0' })
    const started = await wheelhouse('promote app 1.2.0 --wait 0')
    expect([started.code, started.text]).toEqual([7, expect.stringContaining('production of app is now 1.2.0')])
    const { code, text } = await wheelhouse('deploys web.production.3 --follow')
    expect([code, text]).toEqual([0, expect.stringMatching(/app 1\.2\.0 on web succeeded\.\n$/)])
  }, 120_000)

  it('roll back to what ran well before, and hold the service: the next promotion ends with 6', async () => {
    const { code, text } = await wheelhouse('rollback web --reason slow')
    expect(code, text).toBe(0)
    expect(text).toContain('production of app is now 1.0.0 (before: 1.2.0). web is held')
    const blocked = await wheelhouse('promote app 1.2.0')
    expect(blocked).toEqual({ code: 6, text: expect.stringMatching(/^wheelhouse: web is held by .*\(slow\): nothing/) })
    expect((await wheelhouse('hold web --reason lunch')).text).toMatch(
      /^web is held by .* \(lunch\)\. Promotions to it/,
    )
    expect((await wheelhouse('services')).text).toMatch(/web is held by .* \(lunch\)/)
    expect((await wheelhouse('release web')).text).toBe('web takes promotions again.\n')
    expect((await wheelhouse('services web')).text).toMatch(
      /desired 1\.0\.0[\s\S]*web\.production\.2 {2}1\.1\.0 {2}rolled_back/,
    )
  }, 120_000)

  it('promote by the lock that a release has, and look for what it depends on anew when they are told to', async () => {
    const greetings = async () => (await site.running()).map((running) => running?.greeting)
    await publishGreeting('1.1')
    const again = await wheelhouse('pin web 1.2.0 --reason known')
    expect([again.code, await greetings()], again.text).toEqual([0, ['1.0']])
    expect(await wheelhouse('promote app 1.1.1')).toEqual({
      code: 6,
      text: expect.stringContaining('(pinned to 1.2.0: known)'),
    })
    expect((await wheelhouse('release web')).code).toBe(0)
    const { code, text: said } = await wheelhouse('relock web --reason newer')
    expect([code, await greetings()], said).toEqual([0, ['1.1']])
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.2.0'])
  }, 120_000)

  it.each(['sh', 'bash'])(
    'have a counterpart of twine and curl in docs/ci.md, which %s carries out',
    async (shell) => {
      const wheel = demoApp({ version: shell === 'sh' ? '1.3.0' : '1.4.0' })
      mkdirSync(join(site.home, shell, 'dist'), { recursive: true })
      writeFileSync(join(site.home, shell, 'dist', wheel.filename), wheel.bytes)
      const folders = ['twine', 'curl'] as const
      const path = folders.map((tool) => dirname(useTool(tool)[0] ?? '')).join(':')
      const { url, token } = site.server()
      const env = {
        PATH: `${path}:${process.env['PATH']}`,
        WHEELHOUSE_URL: url,
        WHEELHOUSE_TOKEN: token,
        BUILD_ID: `build-of-${shell}`,
      }
      const example = /## With curl\n+```sh\n([\s\S]*?)```/.exec(readFileSync('docs/ci.md', 'utf8'))?.[1] ?? ''
      const { code, stdout, stderr } = await run([shell, '-c', example], { env, cwd: join(site.home, shell) })
      expect(code, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/web1 {2}runs it \(before.*\)\n[\s\S]*All is as asked for\. \(200\)\n$/)
    },
    120_000,
  )

  it('have a counterpart in the Jenkinsfile of docs/ci.md, whose steps build, upload, promote and wait', async () => {
    const folder = join(site.home, 'jenkins')
    await writeDemoProject(folder, { version: '1.4.1' })
    // Jenkins' agents have `build` with a network to take the back end from; here it lies beside it.
    const shim = `#!/bin/sh\n[ "$1 $2" = "-m build" ] || exec ${toolPaths().python} "$@"\nexec ${useTool('build').join(' ')} --no-isolation\n`
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin', 'python3'), shim, { mode: 0o755 })
    const tools = [join(folder, 'bin'), ...(['twine', 'curl'] as const).map((tool) => dirname(useTool(tool)[0] ?? ''))]
    const { url, token } = site.server()
    const env = {
      ...{ PATH: `${tools.join(':')}:${process.env['PATH']}`, WHEELHOUSE_URL: url, WHEELHOUSE_TOKEN: token },
      ...{ TWINE_USERNAME: '__token__', TWINE_PASSWORD: token, BUILD_TAG: 'jenkins-app-1' },
    }
    const steps = jenkinsSteps(readFileSync('docs/ci.md', 'utf8'))
    expect(steps.map((step) => step.trim().split(/[ =]/)[0])).toEqual(['rm', 'twine', 'version'])
    let printed = ''
    for (const step of steps) {
      // As the agent runs each of them: a shell of its own that shows commands and ends with the first that fails.
      const { code, stdout, stderr } = await run(['sh', '-xe', '-c', step], { env, cwd: folder })
      expect(code, stdout + stderr).toBe(0)
      printed += stdout
    }
    expect(printed).toMatch(/web1 {2}runs it \(before.*\)\n[\s\S]*All is as asked for\. \(200\)\n$/)
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.4.1'])
  }, 120_000)

  it('say what is missing where a node can reach the index neither by itself nor through the worker', async () => {
    const [{ node } = { node: undefined }] = site.fleet.members
    if (node === undefined) throw new Error('There is no node.')
    const asked = `python3 -c 'import urllib.request as u; u.urlopen("https://${hidden}/")'`
    expect((await run([...node.sshArgv, asked])).stderr).toMatch(/urlopen error|Name or service not known/)
    const keys = join(node.root, '..', 'authorized_keys')
    const before = readFileSync(keys, 'utf8')
    writeFileSync(keys, before.replace(`,${allow}`, ''))
    await publish({ version: '1.5.0' })
    const sentence =
      /web1 \(127\.0\.0\.1:\d+\) lets the key open no port .*restrict,port-forwarding,permitlisten="127\.0\.0\.1:\*"/
    const planned = await wheelhouse('plan app 1.5.0')
    expect(planned.text).toMatch(new RegExp(`WARNING: ${sentence.source}`))
    const refused = await wheelhouse('promote app 1.5.0')
    expect([refused.code, refused.text]).toEqual([1, expect.stringMatching(sentence)])
    expect(refused.text).toContain('web1  not touched')
    writeFileSync(keys, before)
    expect((await wheelhouse('plan app 1.5.0')).text).not.toContain('WARNING')
    const { code, text: said } = await wheelhouse('promote app 1.5.0')
    expect(code, said).toBe(0)
    expect(site.server().output()).not.toMatch(/was refused|wheelhouse:[0-9a-f]{48}/)
  }, 120_000)

  it('end with 2 where the request is wrong, and say why', async () => {
    expect(await wheelhouse('promote app 9.9')).toEqual({ code: 2, text: expect.stringContaining('9.9') })
    expect((await wheelhouse('promote app')).code).toBe(2)
    expect(await wheelhouse('services', { WHEELHOUSE_TOKEN: 'whl_wrong' })).toEqual({
      code: 2,
      text: expect.stringContaining('The token is not valid'),
    })
    expect(await wheelhouse('services', { WHEELHOUSE_TOKEN: '' })).toEqual({
      code: 2,
      text: expect.stringContaining('Say which token to use: WHEELHOUSE_TOKEN'),
    })
  })

  it('end with 1 where no server answers', async () => {
    const { code, text } = await wheelhouse('services', { WHEELHOUSE_URL: 'http://127.0.0.1:9' })
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/http:\/\/127\.0\.0\.1:9 cannot be reached \(.*\)\. Does it run/),
    ])
  }, 60_000)
})

/** What stands in `sh` steps of the Jenkinsfile, as Groovy reads its strings. */
function jenkinsSteps(page: string): readonly string[] {
  const file = /```groovy\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const found = file.matchAll(/\bsh (?:'''([\s\S]*?)'''|'(.*?)')/g)
  return [...found].map(([, block, line]) => (block ?? line ?? '').replaceAll('\\n', '\n').replaceAll('\\\n', ''))
}
