import { chmod, rm, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'
import { run } from '../../support/run.ts'
import { serviceManagers } from '../../support/service-managers.ts'
import { silentService } from '../../support/silent-service.ts'
import { type Supervisord, startSupervisord, supervisorctl } from '../../support/supervisord.ts'
import { toolPaths } from '../../support/tools.ts'

const preforkService = fileURLToPath(new URL('../../support/prefork-service.py', import.meta.url))
const config = '{root}/supervisor/app.conf'

describe('a program of a real supervisord', { timeout: 120_000 }, () => {
  const disposables: AsyncDisposable[] = []
  afterEach(async () => {
    for (const one of disposables.splice(0).reverse()) await one[Symbol.asyncDispose]()
  })

  /** With good releases, and one that ends at once; none of them runs yet, and so supervisord has given the program up. */
  async function withReleases(restart: object, python = toolPaths().python) {
    const here = await aNode({}, restart)
    disposables.push(here)
    for (const version of ['1.0', '1.1', '1.2']) await here.stage(version, version)
    await writeFile(join(here.root, 'releases', '1.2', 'wheelhouse.json'), '{}')
    const argv = [preforkService, here.root, new URL(here.url).port, join(here.root, 'app.pid'), `${process.pid}`]
    const supervisord = await startSupervisord(join(here.root, 'supervisor'), [python, ...argv])
    disposables.push(supervisord)
    here.prepend(`PATH=${supervisord.bin}:$PATH; export PATH`)
    const pid = async () => ((await (await fetch(here.url)).json()) as { pid: number }).pid
    return { here, supervisord, pid }
  }

  const refused = (message: RegExp) => ({ ok: false, problem: expect.stringMatching(message) })

  it.each([
    ['that is named', { config }],
    ["in the service's folder", {}],
  ])('is started on the first release, and restarted on the next one, by a configuration %s', async (_where, named) => {
    const { here, supervisord, pid } = await withReleases({ supervisor: 'app', ...named })
    if (!('config' in named)) await symlink(supervisord.config, join(here.root, 'supervisord.conf'))
    expect(await here.activate('first', '1.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    const first = await pid()
    expect(await here.activate('second', '1.1')).toEqual({ ok: true })
    expect(await here.verify('second', '1.1')).toEqual({ ok: true })
    expect(await pid()).not.toBe(first)
  })

  it('that listens nowhere is seen by its processes, and one of them that was started anew is told', async () => {
    const here = await silentService({
      ...{ restart: { supervisor: 'app:*', config }, verify: { pidfile: undefined }, doubles: false },
    })
    disposables.push(here)
    const argv = [join(here.root, 'current/bin/python'), join(here.root, 'work.py')]
    const two = ['numprocs=2', 'process_name=app_%(process_num)d']
    const { bin, config: file } = await startSupervisord(join(here.root, 'supervisor'), argv, two)
    disposables.push({ [Symbol.asyncDispose]: async () => void (await run([supervisorctl(), '-c', file, 'shutdown'])) })
    here.prepend(`PATH=${bin}:$PATH; export PATH`)
    await here.install('1.1-b', '1.1')
    expect(await here.activate('1.1-b', '1.1-b')).toEqual({ ok: true })
    expect(await here.verify('1.1-b', '1.1')).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.1', healthy: true, verified: true } } })
    await run([supervisorctl(), '-c', file, 'restart', 'app:app_1'])
    expect(await here.verify('1.1-b', '1.1', true)).toMatchObject({ problem: expect.stringContaining('is gone') })
    await run([supervisorctl(), '-c', file, 'stop', 'app:app_1'])
    expect(await here.probe()).toMatchObject({ found: { before: { version: '1.1', healthy: false } } })
    expect(await here.verify('1.1-b', '1.1')).toEqual(refused(/no process of it runs: supervisorctl .*app_1 +STOPPED/))
  })

  it('that ends at once is told of with its status, and is started again on the way back', async () => {
    const { here } = await withReleases({ supervisor: 'app:*', config })
    expect(await here.activate('first', '1.0')).toEqual({ ok: true })
    expect(await here.activate('second', '1.2')).toEqual(
      refused(
        /^Restarting on 1\.2 failed \(exit status 7\): .*app: ERROR \(spawn error\) \/ app +(BACKOFF|FATAL) +Exited too quickly \(process log may have details\)$/,
      ),
    )
    expect(await here.activate('third', '1.0')).toEqual({ ok: true })
    expect(await here.verify('third', '1.0')).toEqual({ ok: true })
  })

  it('whose command is not there is told of with its status', async () => {
    const { here } = await withReleases({ supervisor: 'app', config }, '/nowhere/python3')
    expect(await here.activate('first', '1.0')).toEqual(
      refused(
        /\(exit status 1\): .*app: ERROR \(no such file\) \/ app +FATAL +can't find command '\/nowhere\/python3'$/,
      ),
    )
  })

  it.each([
    ['typo', 'exit status 1', 'no such process'],
    ['typo:*', 'exit status 2', 'no such group'],
  ])('is named where there is none that is called %s', async (supervisor, status, words) => {
    const { here } = await withReleases({ supervisor, config })
    expect(await here.activate('first', '1.0')).toEqual(
      refused(
        new RegExp(
          `${status}\\): .*typo: ERROR \\(${words}\\) / supervisord has app\\. Name one in restart\\.supervisor`,
        ),
      ),
    )
  })

  it.each([
    ['stopped', 'SIGTERM', 'exit status 7', 'no such file'],
    ['killed', 'SIGKILL', 'exit status 4', 'refused connection'],
  ] as const)(
    'cannot be restarted where supervisord was %s, which is to be started',
    async (_how, end, status, words) => {
      const { here, supervisord } = await withReleases({ supervisor: 'app', config })
      await supervisord.stop(end)
      expect(await here.activate('first', '1.0')).toEqual(
        refused(
          new RegExp(
            `${status}\\): .*unix://${supervisord.socket} ${words} / No supervisord listens there\\. Start it .*restart\\.config\\.$`,
          ),
        ),
      )
    },
  )

  it('cannot be restarted by a configuration or a supervisorctl that is not there', async () => {
    const elsewhere = await withReleases({ supervisor: 'app', config: '{root}/supervisord.conf' })
    expect(await elsewhere.here.activate('first', '1.0')).toEqual(
      refused(
        /exit status 2\): .*could not find config file \/.*In restart\.config name the file that supervisord was/,
      ),
    )
    const { here, supervisord } = await withReleases({ supervisor: 'app', config })
    await rm(join(supervisord.bin, 'supervisorctl'))
    expect(await here.activate('first', '1.0')).toEqual(
      refused(/exit status 127\): .* \/ supervisorctl is on no PATH of .* link it into \/usr\/local\/bin/),
    )
  })

  it('cannot be restarted by whom the socket is not for, who is told how he may', async () => {
    const { here, supervisord } = await withReleases({ supervisor: 'app', config })
    await chmod(supervisord.socket, 0)
    // Root passes all permissions, unless that is taken away.
    if (userInfo().uid === 0) await throughCommand(supervisord, 'setpriv --bounding-set -dac_override,-dac_read_search')
    const { username } = userInfo()
    expect(await here.activate('first', '1.0')).toEqual(
      refused(
        new RegExp(`exit status 1\\): .*Permission denied.* / The socket of supervisord is not for ${username}: give`),
      ),
    )
  })

  async function throughCommand({ bin }: Supervisord, command: string): Promise<void> {
    await rm(join(bin, 'supervisorctl'))
    await writeFile(join(bin, 'supervisorctl'), `#!/bin/sh\nexec ${command} ${supervisorctl()} "$@"\n`, { mode: 0o755 })
  }

  /** The program, or group, by sudo, and what of it sudo allows. */
  async function bySudo(supervisor: string, verbs: readonly string[]) {
    const { here, supervisord } = await withReleases({ supervisor, config, sudo: true })
    const lines = verbs.map((verb) => `supervisorctl -c ${supervisord.config} ${verb} ${supervisor}`)
    const { bin } = await serviceManagers(here.root, undefined, lines)
    here.prepend(`PATH=${bin}:${supervisord.bin}:$PATH; export PATH`)
    return { here, supervisord }
  }

  it('by sudo is asked for its status by sudo as well', async () => {
    const { here, supervisord } = await bySudo('app', ['restart', 'status'])
    expect(await here.activate('first', '1.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    await throughCommand(supervisord, 'env FOR="$SUDO_USER" sh -c \'test -n "$FOR" && exec "$@"\' sh')
    expect(await here.activate('second', '1.2')).toEqual(
      refused(/exit status 7\): .*app: ERROR \(spawn error\) \/ app +(BACKOFF|FATAL) +Exited too quickly/),
    )
    await supervisord.stop()
    expect(await here.activate('third', '1.0')).toEqual(refused(/exit status 7\): .* no such file \/ No supervisord/))
  })

  it.each([
    ['nothing', [], /exit status 1\): .*sudo: a password is required/],
    ['the restart alone', ['restart'], /exit status 7\): .*app: ERROR \(spawn error\)/],
  ])('by sudo is shown with the line of sudoers that is missing where that allows %s', async (_what, verbs, words) => {
    const { here, supervisord } = await bySudo('app:*', verbs)
    const [ctl, { username }] = [join(supervisord.bin, 'supervisorctl'), userInfo()]
    const outcome = await here.activate('first', '1.2')
    expect(outcome).toEqual(refused(words))
    const command = (verb: string) => `${ctl} -c ${supervisord.config} ${verb} app\\:\\*`
    expect(outcome).toMatchObject({
      problem: expect.stringContaining(
        `/ ${username} ALL=(root) NOPASSWD: ${command('restart')}, ${command('status')}`,
      ),
    })
  })
})
