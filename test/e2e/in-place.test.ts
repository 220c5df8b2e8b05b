import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askService } from '../support/ask-service.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'
import { runOk } from '../support/run.ts'
import { toolPaths, useTool } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { aWheel, type BuiltArchive } from '../support/wheels.ts'

/** A WSGI application that says what its worker loaded; a broken one cannot be imported. */
function wsgiApp(version: string, broken = false): BuiltArchive {
  const source = `${broken ? 'import a_module_that_nobody_installed' : ''}
import json, os
VERSION = ${JSON.stringify(version)}
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"version": VERSION, "pid": os.getpid()}).encode()]
`
  return aWheel({ name: 'app', version, files: { 'app/__init__.py': '', 'app/wsgi.py': source } })
}

describe('a service of gunicorn, in an environment that was there before', () => {
  let site: DeploySite
  const root = () => site.fleet.members[0]?.service.root ?? ''
  const gunicorn =
    '{root}/venv/bin/python -m gunicorn --daemon --workers 2 --pid {root}/app.pid --bind 127.0.0.1:{http}'
  const start = [...gunicorn.split(' '), 'app.wsgi:application']
  const url = () => `${site.fleet.members[0]?.service.url}`
  const master = async () => Number(await readFile(join(root(), 'app.pid'), 'utf8'))
  beforeAll(async () => {
    site = await startSite(embedded, {
      nodes: [{}],
      service: { layout: 'in-place', restart: { signal: 'HUP', pidfile: '{root}/app.pid', start } },
      verify: { timeout_seconds: 4 },
    })
    await installedByHand()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  async function installedByHand(): Promise<void> {
    const venv = join(root(), 'venv')
    await runOk([toolPaths().python, '-m', 'venv', '--without-pip', venv])
    const wheel = join(root(), wsgiApp('1.0').filename)
    await writeFile(wheel, wsgiApp('1.0').bytes)
    const pip = [...useTool('pipNew'), '--python', join(venv, 'bin', 'python')]
    await runOk([...pip, 'install', '-q', '--no-deps', wheel])
    // gunicorn itself as somebody installed it, whom no lock of ours names.
    const [python = ''] = useTool('gunicorn')
    const code = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    const [theirs, ours] = await Promise.all(
      [python, join(venv, 'bin', 'python')].map(async (one) => (await runOk([one, '-c', code])).stdout.trim()),
    )
    await writeFile(join(ours ?? '', 'gunicorn.pth'), `${theirs}\n`)
    const port = new URL(url()).port
    await runOk(start.map((word) => word.replaceAll('{root}', root()).replaceAll('{http}', port)))
    await until(async () => (await askService(url())) !== undefined)
  }

  it('is upgraded by HUP, under the same main process; and taken back where the release ends it as a whole', async () => {
    const before = await master()
    await site.publish(wsgiApp('1.1'), '1.1')
    expect(await site.promote('1.1')).toMatchObject({ status: 200 })
    expect(await askService(url())).toMatchObject({ version: '1.1' })
    expect(await master()).toBe(before)
    // Workers that cannot be started end gunicorn, so that the way back has to start it.
    await site.publish(wsgiApp('1.2', true), '1.2')
    const failed = await site.promote('1.2')
    expect([failed.status, failed.text]).toEqual([424, expect.stringContaining('failed and was rolled back')])
    expect(await askService(url())).toMatchObject({ version: '1.1' })
    expect(await master()).not.toBe(before)
  })
})
