import { spawn } from 'node:child_process'
import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type SilentOptions, silentService } from '../../support/silent-service.ts'
import { toolPaths } from '../../support/tools.ts'
import { until } from '../../support/until.ts'

type Service = Awaited<ReturnType<typeof silentService>>

describe('a service that tells nothing of itself', () => {
  let service: Service | undefined
  afterEach(async () => {
    await service?.[Symbol.asyncDispose]()
  })

  /** With two releases, the first of which was switched to. */
  async function running(options?: SilentOptions): Promise<Service> {
    const here = await silentService(options)
    service = here
    await here.install('1.0-a', '1.0')
    await here.install('1.1-b', '1.1')
    expect(await here.activate('first', '1.0-a')).toEqual({ ok: true })
    return here
  }

  it.each<[string, SilentOptions]>([
    ['its pid file', {}],
    ['systemd', { restart: { systemd: 'app' }, verify: { pidfile: undefined } }],
  ])('is seen to run a release by its process, which is found by %s', async (_how, options) => {
    const here = await running(options)
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.0', healthy: true, verified: true } } })
    const first = here.pid()
    expect(await here.activate('second', '1.1-b')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1', true)).toEqual({ ok: true })
    expect(here.pid()).not.toBe(first)
    expect(await here.probe()).toMatchObject({ found: { before: { release: '1.1-b', healthy: true, verified: true } } })
  })

  it('does not pass with the old process, and is shown to run something else until it is restarted', async () => {
    const here = await running()
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    await here.leave()
    expect(await here.activate('second', '1.1-b')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({
      ok: false,
      problem: `the process ${here.pid()} started before the restart: the old one still runs`,
    })
    expect(await here.probe()).toMatchObject({
      found: { before: { release: '1.1-b', healthy: false, verified: false } },
    })
  })

  it('is found beside a process whose name is cut in the middle of a character', async () => {
    const here = await running()
    const odd = join(here.root, 'é'.repeat(10))
    await copyFile('/bin/sleep', odd)
    const stranger = spawn(odd, ['60'])
    await new Promise((resolve) => stranger.once('spawn', resolve))
    try {
      expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  it('is known to run a release that it was started from by somebody else', async () => {
    const here = await running()
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.0', healthy: true, verified: false } } })
    await here.startAnew()
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.0', healthy: true, verified: false } } })
  })

  it('does not pass where its new process was started from somewhere else, which is told', async () => {
    const here = await running({ program: toolPaths().python })
    expect(await here.verify('first', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(/nothing tells that the process \d+ \(.*\) was started from .*\/current: let the/),
    })
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: false } } })
  })

  it.each([
    ['by a name on its PATH', 'env PATH="$PWD/current/bin" python'],
    ['by a script that starts it', `sh -c 'current/bin/python "$@"; true' sh`],
  ])('passes where its process was started from the release %s', async (_how, program) => {
    const here = await running({ program })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
  })

  it('does not pass where its process ends again, at once or after a while', async () => {
    const here = await running()
    await here.work('raise SystemExit(3)')
    expect(await here.activate('second', '1.1-b')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({
      ok: false,
      problem: expect.stringMatching(/app\.pid names no process that runs$/),
    })
    await here.work('import time; time.sleep(30)')
    expect(await here.activate('third', '1.1-b')).toEqual({ ok: true })
    expect(await here.verify('third', '1.1')).toEqual({ ok: true })
    const seen = here.pid()
    await here.startAnew()
    expect(await here.verify('third', '1.1', true)).toEqual({
      ok: false,
      problem: `the process ${seen} is gone, ${here.pid()} is in its place: the service crashes and is started again`,
    })
  })

  it('does not pass where the environment has another version, or none', async () => {
    const here = await running({ verify: { timeout_seconds: 0.3 } })
    await here.stage('1.2-c', '1.2')
    await mkdir(join(here.root, 'releases', '1.2-c'), { recursive: true })
    expect(await here.verify('first', '1.1')).toEqual({
      ok: false,
      problem: `${here.root}/current has version 1.0, not 1.1`,
    })
    await rename(join(here.root, 'releases/1.0-a/lib'), join(here.root, 'releases/1.0-a/gone'))
    expect(await here.verify('first', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(/releases\/1\.0-a has no app that can be read: .*app/),
    })
  })

  it('passes by its files alone where somebody chose that, and not before it was restarted', async () => {
    const here = await running({ verify: { files: true, pidfile: undefined } })
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.0', healthy: true, verified: false } } })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.0', true)).toEqual({ ok: true })
    expect(await here.verify('first', '1.1')).toEqual({
      ok: false,
      problem: `${here.root}/current has version 1.0, not 1.1`,
    })
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.0', healthy: true, verified: true } } })
    await here.leave()
    expect(await here.activate('second', '1.1-b')).toEqual({ ok: true })
    // Switched and, as far as anybody noted, not restarted.
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.1', healthy: true, verified: false } } })
    await until(async () => here.pid() !== undefined)
  })
})
