import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { activate } from '../../../src/deploy/acts/activate.ts'
import { prepare } from '../../../src/deploy/acts/hooks.ts'
import { demoApp, greetingWheel } from '../../support/demo-app.ts'
import { type InPlaceNode, type InPlaceOptions, inPlaceNode } from '../../support/in-place-node.ts'
import { runOk } from '../../support/run.ts'
import { useTool } from '../../support/tools.ts'
import { aWheel } from '../../support/wheels.ts'

/** Of the environment of what installs a release. */
const ofAnInstaller = /^(PIP_NO_INPUT|PIP_ROOT_USER_ACTION|NETRC)=/m

describe('an environment that is upgraded in place', () => {
  let node: InPlaceNode | undefined
  afterEach(() => node?.[Symbol.asyncDispose]())

  async function inPlace(options: InPlaceOptions = {}): Promise<InPlaceNode> {
    const here = await inPlaceNode(options)
    node = here
    return here
  }

  it.each([['pip'], ['uv']] as const)(
    'by %s: gets what the lock has, loses what only the lock before had, and goes back from what lies there',
    async (installer) => {
      const here = await inPlace({ installer })
      const extra = aWheel({ name: 'extra', version: '1.0' })
      await here.download('1.0-a', [demoApp({ version: '1.0', greeting: '==1.0' }), greetingWheel('1.0'), extra])
      expect(await here.probe()).not.toHaveProperty('found.before')
      expect(await here.switchTo('1.0-a')).toEqual({ ok: true })
      expect(await here.installed()).toEqual(['app 1.0', 'extra 1.0', 'greeting 1.0'])
      await here.download('1.1-b', [demoApp({ version: '1.1', greeting: '==2.0' }), greetingWheel('2.0')], '1.0-a')
      expect(await here.told()).toMatchObject({ version: '1.0', greeting: '1.0' })
      expect(await here.probe()).toMatchObject({ found: { before: { release: '1.0-a', verified: true } } })
      expect(await here.switchTo('1.1-b', '1.0-a')).toEqual({ ok: true })
      expect(await here.installed()).toEqual(['app 1.1', 'greeting 2.0'])
      expect(await here.told()).toMatchObject({ version: '1.1', greeting: '2.0' })
      expect(readlinkSync(join(here.root, 'current'))).toBe('releases/1.1-b')
      expect(await here.switchTo('1.0-a', '1.0-a')).toEqual({ ok: true })
      expect(await here.installed()).toEqual(['app 1.0', 'extra 1.0', 'greeting 1.0'])
      expect(await here.told()).toMatchObject({ version: '1.0', greeting: '1.0' })
    },
  )

  it('gets the bytes of the lock though what is there has the same version, and mends what somebody changed by hand', async () => {
    const here = await inPlace()
    await here.download('1.0-a', [demoApp({ version: '1.0' })])
    expect(await here.switchTo('1.0-a')).toEqual({ ok: true })
    await here.download('1.0-b', [demoApp({ version: '1.0', tells: '1.0.0' })], '1.0-a')
    expect(await here.switchTo('1.0-b', '1.0-a')).toEqual({ ok: true })
    expect(await here.told()).toMatchObject({ version: '1.0.0' })
    await runOk([...useTool('pipNew'), '--python', here.python, 'uninstall', '-q', '-y', 'app'])
    expect(await here.probe()).toMatchObject({ found: { before: { release: '1.0-b', verified: false } } })
    expect(await here.switchTo('1.0-b', '1.0-b')).toEqual({ ok: true })
    expect(await here.installed()).toEqual(['app 1.0'])
  })

  it('is adopted with what is in it, which is what a first deploy goes back to', async () => {
    const here = await inPlace()
    await here.installByHand()
    expect(await here.probe()).toMatchObject({
      found: { before: { release: 'adopted-0.9', version: '0.9', healthy: true, verified: false } },
    })
    await here.download('1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    expect(readdirSync(join(here.root, 'releases')).sort()).toEqual(['1.0-a', 'adopted-0.9'])
    expect(await here.switchTo('1.0-a', 'adopted-0.9')).toEqual({ ok: true })
    expect(await here.installed()).toEqual(['app 1.0', 'monitoring 3.0'])
    await writeFile(join(here.root, 'venv', 'bin', 'stray'), '')
    expect(await here.switchTo('adopted-0.9', 'adopted-0.9')).toEqual({ ok: true })
    expect(await here.installed()).toEqual(['app 0.9', 'monitoring 3.0'])
    expect(existsSync(join(here.root, 'venv', 'bin', 'stray'))).toBe(false)
    expect(await here.probe()).toMatchObject({ found: { before: { release: 'adopted-0.9', verified: true } } })
  })

  it('says of an installation that died half-way that it did, and knows what to go back to', async () => {
    const here = await inPlace()
    await here.installByHand()
    await here.download('1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    const died = await here.dieInstalling('1.0-a')
    expect(died.ok).toBe(false)
    expect(JSON.parse(await readFile(join(here.root, '.wheelhouse', 'installing'), 'utf8'))).toMatchObject({
      release: '1.0-a',
    })
    await here.download('1.1-b', [demoApp({ version: '1.1' })], 'adopted-0.9')
    expect(await here.switchTo('1.1-b', 'adopted-0.9')).toEqual({ ok: true })
    expect(existsSync(join(here.root, '.wheelhouse', 'installing'))).toBe(false)
    expect(await here.switchTo('adopted-0.9')).toEqual({ ok: true })
    expect(await here.installed()).toEqual(['app 0.9', 'monitoring 3.0'])
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

  it('is not what the command that is run once per deploy runs in: that has the release and nothing of the installer', async () => {
    const code = 'env >{root}/told; python -c "import app, sys; print(sys.prefix)" >>{root}/told'
    const here = await inPlace({ more: { once_per_deploy: { command: ['sh', '-c', code], seconds: 60 } } })
    await here.download('1.0-a', [demoApp({ version: '1.0' })])
    const [effect, { signal }] = [{ attempt: 'once', kind: 'prepare' } as const, new AbortController()]
    const progress = { name: 'web1', state: 'staged', release: '1.0-a' } as const
    expect(await prepare(here.context, here.node, progress, effect, signal)).toEqual({ ok: true })
    const told = await readFile(join(here.root, 'told'), 'utf8')
    expect(told).toContain(`${here.root}/.wheelhouse/runs/once/once\n`)
    expect(told).not.toMatch(ofAnInstaller)
    expect(existsSync(join(here.root, '.wheelhouse', 'runs', 'once', 'once'))).toBe(false)
    expect(await here.installed()).toEqual([''])
  })

  it('is not started from where the check before it fails', async () => {
    const check = 'env >{root}/checked; python -c "import app, a_module_of_nobody"'
    const restart = { command: ['sh', '-c', 'env >{root}/restarted'], check: ['sh', '-c', check] }
    const here = await inPlace({ restart })
    await here.download('1.0-a', [demoApp({ version: '1.0' })])
    expect(await here.switchTo('1.0-a')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(
        /No module named 'a_module_of_nobody'.*restart\.check ended with status 1: the service was not restarted/,
      ),
    })
    expect(existsSync(join(here.root, 'restarted'))).toBe(false)
    const back = { attempt: 'back', kind: 'restore' } as const
    const { signal } = new AbortController()
    expect(await activate(here.context, here.node, { release: '1.0-a', before: undefined }, back, signal)).toEqual({
      ok: true,
    })
    // Nor is what installed it in the environment of what is started.
    for (const name of ['checked', 'restarted']) {
      expect(await readFile(join(here.root, name), 'utf8')).not.toMatch(ofAnInstaller)
    }
  })
})
