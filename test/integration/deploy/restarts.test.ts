import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'
import { type ServiceManagers, serviceManagers } from '../../support/service-managers.ts'
import { toolPaths } from '../../support/tools.ts'
import { until } from '../../support/until.ts'

type Node = Awaited<ReturnType<typeof aNode>>

const preforkService = fileURLToPath(new URL('../../support/prefork-service.py', import.meta.url))

describe('a service is restarted', () => {
  let node: Node | undefined
  afterEach(async () => {
    for (const name of ['app.pid', 'app.pid.2']) {
      const pid = await pidIn(name)
      if (pid !== undefined) process.kill(pid)
    }
    await node?.[Symbol.asyncDispose]()
  })

  const pidIn = async (name: string) => {
    const text = await readFile(join(node?.root ?? '', name), 'utf8').catch(() => '')
    return text === '' ? undefined : Number(text)
  }
  const answered = async () => (await (await fetch(node?.url ?? '')).json()) as { version: string; pid: number }
  const argv = (here: Node) => [
    ...[toolPaths().python, preforkService, here.root, new URL(here.url).port, join(here.root, 'app.pid')],
    `${process.pid}`,
  ]

  /** With good releases, one that ends at once, and one that never answers. */
  async function withReleases(restart: object, rollout: object = {}): Promise<Node> {
    const here = await aNode({}, restart, rollout)
    node = here
    for (const version of ['1.0', '1.1', '1.2+broken', '1.3+silent']) await here.stage(version, version)
    return here
  }

  async function signalled(rollout?: object): Promise<Node> {
    const here = await withReleases({ signal: 'USR2', pidfile: '{root}/app.pid' }, rollout)
    // A first deploy leaves the link, and says what is to be done.
    expect(await here.activate('first', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(/app\.pid names no process that runs, .* start the service by its own means/),
    })
    const [program = '', ...rest] = argv(here)
    spawn(program, rest, { detached: true, stdio: 'ignore' }).unref()
    await until(async () => (await answered().catch(() => undefined)) !== undefined)
    return here
  }

  it('by USR2: the successor is seen to answer before the old process is ended', async () => {
    const here = await signalled()
    const old = await pidIn('app.pid')
    expect(await here.activate('second', '1.1')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({ ok: true })
    expect(() => process.kill(old ?? 0, 0)).toThrow('ESRCH')
    // At once: the successor may not have noticed yet that it is alone.
    expect(await here.activate('third', '1.0')).toEqual({ ok: true })
    expect(await here.verify('third', '1.0')).toEqual({ ok: true })
  })

  it('by USR2: a successor that ends again takes nothing down, and the way back is as any', async () => {
    const here = await signalled()
    const old = await pidIn('app.pid')
    expect(await here.activate('second', '1.2+broken')).toEqual({
      ok: false,
      problem: expect.stringMatching(/The new process \d+ ended again; the old one still serves/),
    })
    expect(await answered()).toMatchObject({ version: '1.0' })
    expect(await pidIn('app.pid')).toBe(old)
    expect(await here.activate('third', '1.0')).toEqual({ ok: true })
    expect(await here.verify('third', '1.0')).toEqual({ ok: true })
  })

  it('by USR2: a successor that never answers is ended when the time is up', async () => {
    const here = await signalled({ restart_seconds: 6 })
    expect(await here.activate('second', '1.3+silent')).toEqual({
      ok: false,
      problem: expect.stringMatching(/no new process came to answer: the process \d+ still answers in its place/),
    })
    await until(async () => (await pidIn('app.pid.2')) === undefined)
    expect(await answered()).toMatchObject({ version: '1.0' })
  })

  it('by USR2: a successor that an earlier attempt left behind is ended first', async () => {
    const here = await signalled()
    process.kill((await pidIn('app.pid')) ?? 0, 'SIGUSR2')
    await until(async () => (await pidIn('app.pid.2')) !== undefined)
    const left = await pidIn('app.pid.2')
    expect(await here.activate('second', '1.1')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({ ok: true })
    expect(() => process.kill(left ?? 0, 0)).toThrow('ESRCH')
  })

  async function managed(restart: object, sudoers: readonly string[] = []): Promise<[Node, ServiceManagers]> {
    const here = await withReleases(restart)
    const pidfile = join(here.root, 'app.pid')
    const started = `setsid ${argv(here).join(' ')} <&- &`
    const stop = `if [ -s ${pidfile} ]; then kill $(cat ${pidfile}); while [ -e ${pidfile} ]; do sleep 0.02; done; fi`
    const control = `${stop}; if [ -e ${here.root}/refuses ]; then false; else ${started} sleep 0.1; fi`
    const managers = await serviceManagers(here.root, { restart: control, pidfile }, sudoers)
    here.prepend(`PATH=${managers.bin}:$PATH; export PATH`)
    return [here, managers]
  }

  it('by systemd, by sudo, and what it says of a service that does not start is told', async () => {
    const [here, { calls }] = await managed({ systemd: 'app', sudo: true }, ['systemctl restart app'])
    for (const version of ['1.0', '1.1']) {
      expect(await here.activate(version, version)).toEqual({ ok: true })
      expect(await here.verify(version, version)).toEqual({ ok: true })
    }
    expect(calls().filter((line) => line === 'systemctl restart app')).toHaveLength(2)
    await writeFile(join(here.root, 'refuses'), '')
    expect(await here.activate('last', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(/^Restarting on 1\.0 failed \(exit status \d\): .*Active: failed/),
    })
  })

  it('not without a line in sudoers, which is shown', async () => {
    const [here] = await managed({ systemd: 'app', sudo: true })
    const line = `${userInfo().username} ALL=(root) NOPASSWD: ${join(here.root, 'managers/systemctl')} restart app`
    expect(await here.activate('first', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(new RegExp(`sudoers.d/wheelhouse .* ${line.replace(/[().]/g, '\\$&')}$`)),
    })
  })

  it.each<[object, RegExp]>([
    [{ systemd: 'app' }, /exit status 1\): .*Failed to restart .*Interactive authentication required/],
    [{ systemd: 'typo' }, /exit status 5\): .*Unit typo\.service not found/],
  ])('not by %j, with the words of who refused', async (restart, message) => {
    const [here] = await managed(restart)
    expect(await here.activate('first', '1.0')).toEqual({ ok: false, problem: expect.stringMatching(message) })
  })
})
