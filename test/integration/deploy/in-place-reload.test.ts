import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../../../src/deploy/node/shell.ts'
import { gunicornByHand, gunicornStart, wsgiApp } from '../../support/gunicorn-service.ts'
import { type InPlaceNode, inPlaceNode } from '../../support/in-place-node.ts'
import { type ManagedUnit, type ServiceManagers, serviceManagers } from '../../support/service-managers.ts'
import { until } from '../../support/until.ts'

const call = 'systemctl reload-or-restart app'

describe('a unit of systemd whose environment is upgraded in place, with reload: true', () => {
  let [node, managers]: [InPlaceNode | undefined, ServiceManagers | undefined] = [undefined, undefined]
  const here = () => node ?? Promise.reject(new Error('There is no node.'))
  const at = (name: string) => join(node?.root ?? '', name)
  const main = async () => Number(await readFile(at('app.pid'), 'utf8'))

  /** A gunicorn that was there before, stopped, and its releases on the node. */
  beforeAll(async () => {
    node = await inPlaceNode({ restart: { systemd: 'app', sudo: true, reload: true }, seconds: 2 })
    await gunicornByHand(node.root, wsgiApp('0.9'))
    await node.download('1.0-a', [wsgiApp('1.0')])
    await node.download('1.1-b', [wsgiApp('1.1')], '1.0-a')
    managers = await withUnit('one', { reload: `test ! -e '${at('refuses')}' && kill -HUP $MAINPID` })
  })
  afterAll(async () => {
    if (await lives()) process.kill(await main())
    await node?.[Symbol.asyncDispose]()
  })

  async function withUnit(name: string, unit: Pick<ManagedUnit, 'reload'>): Promise<ServiceManagers> {
    const { url, root, prepend } = await here()
    await mkdir(at(name))
    const { port } = new URL(url)
    const start = commandLine(gunicornStart.map((word) => word.replace('{root}', root).replace('{http}', port)))
    const pidfile = at('app.pid')
    const stop = `pid=$(cat ${pidfile}) && kill $pid && while kill -0 $pid; do sleep 0.02; done`
    const made = await serviceManagers(at(name), { restart: `${stop}; ${start}`, pidfile, ...unit }, [call])
    prepend(`PATH=${made.bin}:$PATH; export PATH`)
    return made
  }

  async function lives(): Promise<boolean> {
    try {
      return process.kill(await main(), 0)
    } catch {
      return false
    }
  }

  it('is started where it does not run, and then has new workers under the same main process', async () => {
    const { switchTo, told, probe, verifyByProcess } = await here()
    expect(await switchTo('1.0-a')).toEqual({ ok: true })
    const first = await main()
    expect(await switchTo('1.1-b', '1.0-a')).toEqual({ ok: true })
    expect(await told()).toMatchObject({ version: '1.1' })
    expect(await main()).toBe(first)
    // Seen as well where nobody asks the service: its workers are new.
    expect(await verifyByProcess('in-place-4', '1.1')).toEqual({ ok: true })
    expect(await probe()).toMatchObject({ found: { before: { release: '1.1-b', healthy: true, verified: true } } })
    expect(managers?.calls().filter((line) => line === call)).toHaveLength(2)
  })

  it('runs on as it was where the reload fails, of which systemd tells', async () => {
    const [{ switchTo, told, verifyByProcess }, first] = [await here(), await main()]
    await writeFile(at('refuses'), '')
    expect(await switchTo('1.0-a', '1.1-b')).toEqual({
      ok: false,
      problem: expect.stringMatching(/^Restarting on 1\.0-a failed \(exit status 1\): .*Job for app\.service failed\./),
    })
    expect(await verifyByProcess('in-place-5', '1.0')).toEqual({
      ok: false,
      problem: expect.stringMatching(/^the worker \d+ of \d+ started before the restart: the old code still runs$/),
    })
    await rm(at('refuses'))
    expect([await main(), await told()]).toEqual([first, expect.objectContaining({ version: '1.1' })])
  })

  it('is started again on the way back from a release that ended it as a whole', async () => {
    const { download, switchTo, takeBack, told } = await here()
    const first = await main()
    await download('1.2-c', [wsgiApp('1.2', true)], '1.1-b')
    // The reload itself goes well; workers that cannot be started end gunicorn.
    expect(await switchTo('1.2-c', '1.1-b')).toMatchObject({ ok: false })
    await until(async () => !(await lives()))
    expect(await takeBack('1.1-b')).toEqual({ ok: true })
    expect(await told()).toMatchObject({ version: '1.1' })
    expect(await main()).not.toBe(first)
  })

  it('is restarted where it has no ExecReload', async () => {
    const [{ switchTo, told }, first] = [await here(), await main()]
    await withUnit('another', {})
    expect(await switchTo('1.1-b', '1.1-b')).toEqual({ ok: true })
    expect(await told()).toMatchObject({ version: '1.1' })
    expect(await main()).not.toBe(first)
  })
})
