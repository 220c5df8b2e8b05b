import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { uvAlone } from '../../../src/deploy/node/find-uv.ts'
import { hupScript } from '../../../src/deploy/node/in-place/hup.ts'
import { pruneScript } from '../../../src/deploy/node/prune.ts'
import { aNode } from '../../support/a-node.ts'
import { freePort } from '../../support/free-port.ts'
import { run, runOk } from '../../support/run.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts'
import { toolPaths } from '../../support/tools.ts'

const hour = 3600
const year = 365 * 24 * hour

const clocks = [
  ['an hour ahead', hour],
  ['an hour behind', -hour],
  ['a year ahead', year],
  ['a year behind', -year],
] as const

/** An interpreter on a node whose clock was set wrong by so many seconds just now: files have the times from before. */
async function wrongClock(folder: string, seconds: number): Promise<string> {
  const site = `import time\nright = time.time\ntime.time = lambda: right() + ${seconds}\n`
  await writeFile(join(folder, 'sitecustomize.py'), site)
  return `#!/bin/sh
while [ "$1" = -I ] || [ "$1" = -S ]; do shift; done
export PYTHONPATH='${folder}'; exec ${toolPaths().python} "$@"
`
}

describe('a node whose clock is wrong', () => {
  let folder: TemporaryFolder
  let stranger: ChildProcess | undefined
  beforeEach(async () => {
    folder = await temporaryFolder('clock')
  })
  afterEach(async () => {
    stranger?.kill('SIGKILL')
    stranger = undefined
    await folder[Symbol.asyncDispose]()
  })
  const at = (name: string) => join(folder.path, name)

  it.each(clocks.slice(2))('tells a restarted process from the old one all the same: %s', async (_how, seconds) => {
    await using here = await aNode({ timeout_seconds: 0.3 })
    here.throughPython(await wrongClock(here.root, seconds))
    await here.stage('1.0-one', '1.0')
    await here.tell('1.0')
    expect(await here.activate('first', '1.0-one')).toEqual({ ok: true })
    await here.restart()
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.0', true)).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true, verified: true } } })
    // Nothing restarts: who answers is older than the mark, whatever the clock says.
    expect(await here.activate('second', '1.0-one')).toEqual({ ok: true })
    expect(await here.verify('second', '1.0')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('started before the restart'),
    })
  })

  /** HUP to what a pid file names, on a node where nothing answers; what it may start leaves a file. */
  async function hup(seconds: number) {
    stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
    await writeFile(at('app.pid'), `${stranger.pid}\n`)
    await writeFile(at('python'), await wrongClock(folder.path, seconds), { mode: 0o755 })
    const script = hupScript({
      ...{ python: at('python'), root: folder.path, pidfile: at('app.pid'), start: `touch ${at('started')}` },
      ...{ url: `http://127.0.0.1:${await freePort()}/version`, version: '/version', pid: '/pid' },
    })
    const ended = new Promise((resolve) => stranger?.once('exit', (_code, signal) => resolve(signal)))
    return { ...(await run(['sh', '-c', script])), ended, isLeft: () => stranger?.signalCode === null }
  }

  it.each([
    ['an hour behind', -hour],
    ['a year behind', -year],
  ])('sends no HUP to a process that may be a stranger, and starts nothing beside it: %s', async (_how, seconds) => {
    const { code, stderr, isLeft } = await hup(seconds)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /app\.pid was written in the future by this node's clock, .* nothing was signalled or started/,
    )
    expect(stderr).toMatch(/Set the clock; if that process is not the service remove the file; and promote again/)
    expect([isLeft(), existsSync(at('started'))]).toEqual([true, false])
  })

  it.each([
    ['an hour ahead', hour],
    ['a year ahead', year],
  ])('takes a process that is younger than its pid file for another one: %s', async (_how, seconds) => {
    const { code, isLeft } = await hup(seconds)
    expect([code, isLeft(), existsSync(at('started'))]).toEqual([0, true, true])
  })

  it('sends HUP where the clock is right, as the file is no older than the process', async () => {
    const { code, ended } = await hup(0)
    expect([code, await ended, existsSync(at('started'))]).toEqual([0, 'SIGHUP', false])
  })

  async function release(version: string, seconds: number): Promise<void> {
    const path = at(`releases/${version}-lock`)
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'wheelhouse.json'), JSON.stringify({ version }))
    const then = Date.now() / 1000 + seconds
    await utimes(join(path, 'wheelhouse.json'), then, then)
  }

  it.each(clocks)('removes no release that could be gone back to: %s', async (_how, seconds) => {
    for (const minor of [0, 1, 2, 3]) await release(`1.${minor}`, minor - 100)
    await release('9.0', seconds)
    await mkdir(at('.wheelhouse/runs/a-stage'), { recursive: true })
    const seen = { release: '1.2-lock', predecessor: '1.1-lock', boot: '', process: [1, 1] }
    await writeFile(at('.wheelhouse/verified'), JSON.stringify(seen))
    await writeFile(at('python'), await wrongClock(folder.path, seconds), { mode: 0o755 })
    const script = pruneScript({
      ...{ python: at('python'), root: folder.path, release: '9.0-lock', keep: 1, stable: '1.0', before: '1.2-lock' },
    })
    await runOk(['sh', '-c', `set -eu; run='${at('.wheelhouse/runs/a-stage')}'\n${script}`])
    const left = readdirSync(at('releases')).sort()
    expect(left).toEqual(expect.arrayContaining(['1.0-lock', '1.1-lock', '1.2-lock', '9.0-lock']))
    expect(readdirSync(at('.wheelhouse/runs'))).toEqual(['a-stage'])
  })

  it('has one cache of uv, whatever month it believes in, and a new one when that changes', async () => {
    const caches: string[] = []
    for (const month of ['202611', '202711', '202611', '197001']) {
      const believed = `date() { echo ${month}; }\n`
      await runOk(['sh', '-c', `set -eu\n${believed}${uvAlone(folder.path)}mkdir -p "$uv_cache"; : >"$uv_cache/used"`])
      caches.push(readdirSync(at('.wheelhouse')).join())
    }
    expect(caches).toEqual(['uv-cache-202611', 'uv-cache-202711', 'uv-cache-202611', 'uv-cache-197001'])
  })
})
