import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { activate } from '../../../src/deploy/acts/activate.ts'
import { downloadScript } from '../../../src/deploy/node/in-place/download.ts'
import { aNode } from '../../support/a-node.ts'
import { demoApp, greetingWheel } from '../../support/demo-app.ts'
import { runOk } from '../../support/run.ts'
import { type SupervisedService, superviseService } from '../../support/supervised-service.ts'
import { toolPaths, useTool } from '../../support/tools.ts'
import { aWheel, type BuiltArchive } from '../../support/wheels.ts'

type Node = Awaited<ReturnType<typeof aNode>>
type Installer = 'pip' | 'uv'

const signal = new AbortController().signal

describe('an environment that is upgraded in place', () => {
  let node: Node | undefined
  let service: SupervisedService | undefined
  let attempts = 0
  afterEach(async () => {
    await service?.stop()
    service = undefined
    await node?.[Symbol.asyncDispose]()
  })

  async function inPlace(installer: Installer = 'pip'): Promise<Node> {
    const restart = { command: ['{root}/app/restart-app.sh'] }
    const here = await aNode({ timeout_seconds: 10 }, restart, {}, { layout: 'in-place', installer })
    node = here
    if (installer === 'uv') here.prepend(`PATH=${useTool('uv')[0]?.replace(/\/uv$/, '')}:$PATH; export PATH`)
    service = await superviseService(here, { port: Number(new URL(here.url).port), environment: '../venv' })
    return here
  }

  /** Stages a release of `app` and what comes with it, from files: as from an index, and no network. */
  async function download(here: Node, release: string, wheels: readonly BuiltArchive[], before?: string) {
    const folder = join(here.root, 'wheels', release)
    await mkdir(folder, { recursive: true })
    for (const wheel of wheels) await writeFile(join(folder, wheel.filename), wheel.bytes)
    const named = wheels.map(({ filename, sha256 }) => {
      const [project = '', version = ''] = filename.split('-')
      return { project, version, sha256, url: `file://${join(folder, filename)}` }
    })
    const script = downloadScript({
      ...{ python: here.node.python, root: here.root, venv: join(here.root, 'venv'), release, before },
      requirements: named.map(({ project, url, sha256 }) => `${project} @ ${url} --hash=sha256:${sha256}\n`).join(''),
      manifest: { project: 'app', version: release.split('-')[0] ?? '', lock: release, layout: 'in-place' },
      wheels: named.map(({ project, version, sha256 }) => ({ project, version, sha256 })),
      ...{ keepReleases: 1, stable: undefined },
    })
    return await here.context.run(here.node, { attempt: `stage-${++attempts}`, script, limitSeconds: 120 }, signal)
  }

  async function switchTo(here: Node, release: string, before?: string) {
    const attempt = `activate-${++attempts}`
    const found = before === undefined ? undefined : { release: before, version: '', healthy: true }
    const outcome = await activate(
      here.context,
      here.node,
      { release, before: found },
      { attempt, kind: 'activate' },
      signal,
    )
    return outcome.ok ? await here.verify(attempt, release.replace(/^adopted-/, '').split('-')[0] ?? '') : outcome
  }

  const told = async (here: Node) => (await (await fetch(here.url)).json()) as { version: string; greeting: string }
  const python = (here: Node) => join(here.root, 'venv', 'bin', 'python')
  async function installed(here: Node): Promise<readonly string[]> {
    const code =
      'import importlib.metadata as m; print(*sorted(d.name + " " + d.version for d in m.distributions()), sep="\\n")'
    return (await runOk([python(here), '-c', code])).stdout.trim().split('\n')
  }

  it.each<[Installer]>([['pip'], ['uv']])(
    'by %s: gets what the lock has, loses what only the lock before had, and goes back from what lies there',
    async (installer) => {
      const here = await inPlace(installer)
      const extra = aWheel({ name: 'extra', version: '1.0' })
      await download(here, '1.0-a', [demoApp({ version: '1.0', greeting: '==1.0' }), greetingWheel('1.0'), extra])
      expect(await here.probe()).not.toHaveProperty('found.before')
      expect(await switchTo(here, '1.0-a')).toEqual({ ok: true })
      expect(await installed(here)).toEqual(['app 1.0', 'extra 1.0', 'greeting 1.0'])
      await download(here, '1.1-b', [demoApp({ version: '1.1', greeting: '==2.0' }), greetingWheel('2.0')], '1.0-a')
      expect(await told(here)).toMatchObject({ version: '1.0', greeting: '1.0' })
      expect(await here.probe()).toMatchObject({ found: { before: { release: '1.0-a', verified: true } } })
      expect(await switchTo(here, '1.1-b', '1.0-a')).toEqual({ ok: true })
      expect(await installed(here)).toEqual(['app 1.1', 'greeting 2.0'])
      expect(await told(here)).toMatchObject({ version: '1.1', greeting: '2.0' })
      expect(readlinkSync(join(here.root, 'current'))).toBe('releases/1.1-b')
      expect(await switchTo(here, '1.0-a', '1.0-a')).toEqual({ ok: true })
      expect(await installed(here)).toEqual(['app 1.0', 'extra 1.0', 'greeting 1.0'])
      expect(await told(here)).toMatchObject({ version: '1.0', greeting: '1.0' })
    },
  )

  it('gets the bytes of the lock though what is there has the same version, and mends what somebody changed by hand', async () => {
    const here = await inPlace()
    await download(here, '1.0-a', [demoApp({ version: '1.0' })])
    expect(await switchTo(here, '1.0-a')).toEqual({ ok: true })
    await download(here, '1.0-b', [demoApp({ version: '1.0', tells: '1.0.0' })], '1.0-a')
    expect(await switchTo(here, '1.0-b', '1.0-a')).toEqual({ ok: true })
    expect(await told(here)).toMatchObject({ version: '1.0.0' })
    await runOk([...useTool('pipNew'), '--python', python(here), 'uninstall', '-q', '-y', 'app'])
    expect(await here.probe()).toMatchObject({ found: { before: { release: '1.0-b', verified: false } } })
    expect(await switchTo(here, '1.0-b', '1.0-b')).toEqual({ ok: true })
    expect(await installed(here)).toEqual(['app 1.0'])
  })

  /** As a team has it before it knows us: with what is needed besides, installed by hand. */
  async function byHand(here: Node): Promise<void> {
    await runOk([toolPaths().python, '-m', 'venv', '--without-pip', join(here.root, 'venv')])
    for (const wheel of [demoApp({ version: '0.9' }), aWheel({ name: 'monitoring', version: '3.0' })]) {
      const path = join(here.root, wheel.filename)
      await writeFile(path, wheel.bytes)
      await runOk([...useTool('pipNew'), '--python', python(here), 'install', '-q', '--no-deps', path])
    }
    await service?.restart()
    await here.stop()
  }

  it('is adopted with what is in it, which is what a first deploy goes back to', async () => {
    const here = await inPlace()
    await byHand(here)
    expect(await here.probe()).toMatchObject({
      found: { before: { release: 'adopted-0.9', version: '0.9', healthy: true, verified: false } },
    })
    await download(here, '1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    expect(readdirSync(join(here.root, 'releases')).sort()).toEqual(['1.0-a', 'adopted-0.9'])
    expect(await switchTo(here, '1.0-a', 'adopted-0.9')).toEqual({ ok: true })
    expect(await installed(here)).toEqual(['app 1.0', 'monitoring 3.0'])
    await writeFile(join(here.root, 'venv', 'bin', 'stray'), '')
    expect(await switchTo(here, 'adopted-0.9', 'adopted-0.9')).toEqual({ ok: true })
    expect(await installed(here)).toEqual(['app 0.9', 'monitoring 3.0'])
    expect(existsSync(join(here.root, 'venv', 'bin', 'stray'))).toBe(false)
    expect(await here.probe()).toMatchObject({ found: { before: { release: 'adopted-0.9', verified: true } } })
  })

  it('says of an installation that died half-way that it did, and knows what to go back to', async () => {
    const here = await inPlace()
    await byHand(here)
    await download(here, '1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    // The files of the new release are there, and nobody came to say so.
    const script = `ln() { kill -9 $$; }\n`
    const sabotaged = {
      ...here.context,
      run: (...[on, run, ...rest]: Parameters<typeof here.context.run>) =>
        here.context.run(on, { ...run, script: script + run.script }, ...rest),
    }
    const died = await activate(
      sabotaged,
      here.node,
      { release: '1.0-a', before: undefined },
      { attempt: 'dies', kind: 'activate' },
      signal,
    )
    expect(died.ok).toBe(false)
    expect(JSON.parse(await readFile(join(here.root, '.wheelhouse', 'installing'), 'utf8'))).toMatchObject({
      release: '1.0-a',
    })
    await download(here, '1.1-b', [demoApp({ version: '1.1' })], 'adopted-0.9')
    expect(await switchTo(here, '1.1-b', 'adopted-0.9')).toEqual({ ok: true })
    expect(existsSync(join(here.root, '.wheelhouse', 'installing'))).toBe(false)
    expect(await switchTo(here, 'adopted-0.9')).toEqual({ ok: true })
    expect(await installed(here)).toEqual(['app 0.9', 'monitoring 3.0'])
  })

  it('is none of another interpreter, and none that another layout deployed to', async () => {
    const here = await inPlace()
    await runOk([useTool('pypy')[0] ?? '', '-m', 'venv', '--without-pip', join(here.root, 'venv')])
    const problem = expect.stringMatching(
      /was made with PyPy 3\.\d+, but «python: .*» is another one\. Say python: .*venv\/bin\/python/,
    )
    expect(await here.probe()).toEqual({ ok: false, problem })
    await here.stage('1.0-a', '1.0')
    await runOk(['ln', '-s', 'releases/1.0-a', join(here.root, 'current')])
    expect(await here.probe()).toMatchObject({
      ok: false,
      problem: expect.stringContaining(
        'was deployed to by the layout releases. For the layout in-place choose another root.',
      ),
    })
  })

  it('is not started from where the check before it fails', async () => {
    const restart = {
      command: ['touch', '{root}/restarted'],
      check: ['python', '-c', 'import app, a_module_of_nobody'],
    }
    const here = await aNode({}, restart, {}, { layout: 'in-place', installer: 'pip' })
    node = here
    await download(here, '1.0-a', [demoApp({ version: '1.0' })])
    expect(await switchTo(here, '1.0-a')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(
        /No module named 'a_module_of_nobody'.*restart\.check ended with status 1: the service was not restarted/,
      ),
    })
    expect(existsSync(join(here.root, 'restarted'))).toBe(false)
    const back = { attempt: 'back', kind: 'restore' } as const
    expect(await activate(here.context, here.node, { release: '1.0-a', before: undefined }, back, signal)).toEqual({
      ok: true,
    })
    expect(existsSync(join(here.root, 'restarted'))).toBe(true)
  })
})
