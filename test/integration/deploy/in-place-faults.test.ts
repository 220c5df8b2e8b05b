import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { demoApp } from '../../support/demo-app.ts'
import { type InPlaceNode, inPlaceNode } from '../../support/in-place-node.ts'
import { killAll, processesOf, programArguments } from '../../support/process-table.ts'
import { runOk } from '../../support/run.ts'
import { until } from '../../support/until.ts'
import { aWheel } from '../../support/wheels.ts'

/** Every pip that is started in the environment from now on waits, as one does that has much to write. */
const slowPip =
  'import os, sys, time; "__pip-runner__" in "".join(sys.orig_argv) and os.path.exists("{root}/slow") and time.sleep(600)\n'

describe('an environment in which an installation died', () => {
  it('keeps nothing of either where two died one after another, though their releases are gone', async () => {
    await using here = await inPlaceNode()
    for (const [release, extra] of [
      ['1.0-a', 'first'],
      ['1.1-b', 'second'],
    ] as const) {
      const version = release.slice(0, 3)
      await here.download(release, [demoApp({ version }), aWheel({ name: extra, version: '1.0' })])
      expect(await here.dieInstalling(release)).toMatchObject({ ok: false })
    }
    expect(await here.installed()).toEqual(['app 1.1', 'second 1.0'])
    for (const release of ['1.0-a', '1.1-b']) {
      await rm(join(here.root, 'releases', release), { recursive: true, force: true })
    }
    await here.download('1.2-c', [demoApp({ version: '1.2' })])
    expect(await here.switchTo('1.2-c')).toEqual({ ok: true })
    expect(await here.installed()).toEqual(['app 1.2'])
  })

  it('has nothing to go back to where the release before it was removed by hand', async () => {
    await using here = await inPlaceNode()
    await here.installByHand()
    await mkdir(join(here.root, '.wheelhouse'), { recursive: true })
    const mark = { release: '1.1-b', before: '1.0-gone' }
    await writeFile(join(here.root, '.wheelhouse', 'installing'), JSON.stringify(mark))
    const found = await here.probe()
    expect(found).toMatchObject({ ok: true })
    expect(found).not.toHaveProperty('found.before')
  })

  it('is written into by nobody else: a child that outlived its pip is ended before anything is changed', async () => {
    await using here = await inPlaceNode()
    await here.installByHand()
    const code = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    const site = (await runOk([here.python, '-c', code])).stdout.trim()
    await writeFile(join(site, 'slow.pth'), slowPip.replace('{root}', here.root))
    await here.download('1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    await writeFile(join(here.root, 'slow'), '')
    const installing = here.switchTo('1.0-a', 'adopted-0.9')
    const child = () => processesOf(here.root).find((one) => programArguments(one).includes('__pip-runner__.py\0'))
    await until(() => child() !== undefined)
    const pid = child() ?? 0
    killAll(processesOf(here.root).filter((one) => one !== pid))
    expect(await installing).toMatchObject({ ok: false })
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    await rm(join(here.root, 'slow'))
    expect(await here.switchTo('adopted-0.9')).toEqual({ ok: true })
    expect(programArguments(pid)).toBe('')
    expect(await here.installed()).toEqual(['app 0.9', 'monitoring 3.0'])
  })
})

describe('a service that HUP restarts', () => {
  let node: InPlaceNode | undefined
  afterEach(() => node?.[Symbol.asyncDispose]())

  async function withPidfile(seconds?: number): Promise<InPlaceNode> {
    const start = ['touch', '{root}/started']
    const here = await inPlaceNode({
      restart: { signal: 'HUP', pidfile: '{root}/app.pid', start },
      ...(seconds && { seconds }),
    })
    node = here
    await here.installByHand()
    await here.download('1.0-a', [demoApp({ version: '1.0' })], 'adopted-0.9')
    return here
  }

  it('is not started a second time where its pid file is missing and it answers', async () => {
    const here = await withPidfile()
    const { pid } = await here.told()
    expect(await here.switchTo('1.0-a', 'adopted-0.9')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(
        new RegExp(
          `app\\.pid names no process that runs, yet .* is answered by the process ${pid}: nothing is started`,
        ),
      ),
    })
    expect(existsSync(join(here.root, 'started'))).toBe(false)
  })

  it('that ignores the signal is told as such, with the old process at work and the old files put back', async () => {
    const here = await withPidfile(1)
    // `nohup` started it, which has it ignore HUP.
    const { pid } = await here.told()
    await writeFile(join(here.root, 'app.pid'), `${pid}\n`)
    const ignored = new RegExp(
      `\\(${pid}, version 0\\.9\\) started .*; its main process ${pid} started no new workers when`,
    )
    expect(await here.switchTo('1.0-a', 'adopted-0.9')).toEqual({ ok: false, problem: expect.stringMatching(ignored) })
    // Nobody can tell what an old process has loaded of the new files meanwhile: it does not pass for restarted.
    expect(await here.takeBack('adopted-0.9')).toEqual({ ok: false, problem: expect.stringMatching(ignored) })
    expect(await here.installed()).toEqual(['app 0.9', 'monitoring 3.0'])
    expect(await here.told()).toMatchObject({ version: '0.9', pid })
  })

  it('does not pass for verified by its main process once its environment was changed', async () => {
    const here = await withPidfile()
    const { pid } = await here.told()
    await writeFile(join(here.root, 'app.pid'), `${pid}\n`)
    const start = `/proc/${pid}/stat`
    const process = [pid, Number((await readFile(start, 'utf8')).split(') ').at(-1)?.split(' ')[19])]
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    const record = join(here.root, '.wheelhouse', 'verified')
    await writeFile(record, JSON.stringify({ release: 'adopted-0.9', boot, process }))
    expect(await here.probe()).toMatchObject({ found: { before: { release: 'adopted-0.9', verified: true } } })
    // What is there is put back and nothing restarts: the old process holds what it held, whatever it holds.
    await here.dieInstalling('1.0-a', 'adopted-0.9')
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({
      release: 'adopted-0.9',
      process,
      outdated: true,
    })
    expect(await here.probe()).toMatchObject({ found: { before: { release: 'adopted-0.9', verified: false } } })
  })
})
