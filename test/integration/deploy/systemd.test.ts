import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'
import { exercised } from '../../support/exercised.ts'
import { gunicornByHand, wsgiApp } from '../../support/gunicorn-service.ts'
import { inPlaceNode } from '../../support/in-place-node.ts'
import { runOk } from '../../support/run.ts'
import { silentService } from '../../support/silent-service.ts'
import { toolPaths } from '../../support/tools.ts'

/** sd_booted(3). In containers it is not, and `service-managers.ts` stands for it (`restarts`, `in-place-reload`). */
const isBooted = existsSync('/run/systemd/system') && userInfo().uid === 0

const unit = `wheelhouse-test-${process.pid}`
const preforkService = fileURLToPath(new URL('../../support/prefork-service.py', import.meta.url))

/** Until the machine boots anew at most. */
async function withUnit(lines: readonly string[]): Promise<void> {
  await writeFile(`/run/systemd/system/${unit}.service`, `[Service]\nRestart=no\n${lines.join('\n')}\n`)
  await runOk(['systemctl', 'daemon-reload'])
}

const mainPid = async () =>
  Number((await runOk(['systemctl', 'show', '--property=MainPID', '--value', unit])).stdout.trim())

if (isBooted) describe('a unit of the systemd that is PID 1', withSystemd)
else {
  it('is restarted by strict doubles alone on this machine, where systemd is not PID 1', () => {
    expect(existsSync('/run/systemd/system') && userInfo().uid === 0).toBe(false)
  })
}

function withSystemd(): void {
  const disposables: AsyncDisposable[] = []
  beforeAll(async () => {
    const [version = ''] = (await runOk(['systemctl', '--version'])).stdout.split('\n')
    exercised(`${version.split(' ').slice(0, 2).join(' ')} (as PID 1)`)
  })
  afterEach(async () => {
    await runOk(['systemctl', 'stop', unit])
    await rm(`/run/systemd/system/${unit}.service`, { force: true })
    await runOk(['systemctl', 'daemon-reload'])
    for (const one of disposables.splice(0)) await one[Symbol.asyncDispose]()
  })

  it('is restarted on the release that was switched to, and told of where it does not come up', async () => {
    const here = await aNode({ timeout_seconds: 5 }, { systemd: unit })
    disposables.push(here)
    for (const version of ['1.0', '1.1', '1.2+broken']) await here.stage(version, version)
    const argv = [toolPaths().python, preforkService, here.root, new URL(here.url).port]
    await withUnit([`ExecStart=${argv.join(' ')} ${join(here.root, 'app.pid')} ${process.pid}`])
    expect(await here.activate('first', '1.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    const first = await mainPid()
    expect(await here.activate('second', '1.1')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({ ok: true })
    expect(await mainPid()).not.toBe(first)
    expect(await here.activate('third', '1.2+broken')).toEqual({ ok: true })
    expect(await here.verify('third', '1.2')).toMatchObject({ ok: false })
    expect(await here.activate('back', '1.1')).toEqual({ ok: true })
    expect(await here.verify('back', '1.1')).toEqual({ ok: true })
  })

  it('that listens nowhere is seen by its main process, which was started from the release', async () => {
    const here = await silentService({ restart: { systemd: unit }, verify: { pidfile: undefined }, doubles: false })
    disposables.push(here)
    await withUnit([`ExecStart=${here.root}/current/bin/python -c "import time; time.sleep(600)"`])
    for (const [release, version] of [
      ['1.0-a', '1.0'],
      ['1.1-b', '1.1'],
    ] as const) {
      await here.install(release, version)
      expect(await here.activate(release, release)).toEqual({ ok: true })
      expect(await here.verify(release, version)).toEqual({ ok: true })
      expect(await here.probe()).toMatchObject({ found: { before: { release, healthy: true, verified: true } } })
    }
  })

  it('that there is not is told to be missing', async () => {
    const here = await aNode({}, { systemd: unit })
    disposables.push(here)
    await here.stage('1.0', '1.0')
    expect(await here.activate('first', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(new RegExp(`exit status 5\\): .*Unit ${unit}\\.service not found`)),
    })
    await withUnit(['ExecStart=/bin/true'])
  })

  it('is reloaded in place under its main process, and started again on the way back from what ended it', async () => {
    const here = await inPlaceNode({ restart: { systemd: unit, reload: true }, seconds: 4 })
    disposables.push(here)
    await gunicornByHand(here.root, wsgiApp('0.9'))
    await here.download('1.0-a', [wsgiApp('1.0')])
    await here.download('1.1-b', [wsgiApp('1.1')], '1.0-a')
    const gunicorn = `${here.python} -m gunicorn --workers 2 --bind 127.0.0.1:${new URL(here.url).port} app.wsgi:application`
    await withUnit([`WorkingDirectory=${here.root}`, `ExecStart=${gunicorn}`, 'ExecReload=/bin/kill -HUP $MAINPID'])
    expect(await here.switchTo('1.0-a')).toEqual({ ok: true })
    const first = await mainPid()
    expect(await here.switchTo('1.1-b', '1.0-a')).toEqual({ ok: true })
    expect([await mainPid(), (await here.told()).version]).toEqual([first, '1.1'])
    expect(await here.probe()).toMatchObject({ found: { before: { release: '1.1-b', verified: true } } })
    await here.download('1.2-c', [wsgiApp('1.2', true)], '1.1-b')
    expect(await here.switchTo('1.2-c', '1.1-b')).toMatchObject({ ok: false })
    expect(await here.takeBack('1.1-b')).toEqual({ ok: true })
    expect((await here.told()).version).toBe('1.1')
    expect(await mainPid()).not.toBe(first)
  })
}
