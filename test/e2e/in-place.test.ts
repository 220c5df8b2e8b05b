import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askService } from '../support/ask-service.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'
import { gunicornByHand, gunicornStart, wsgiApp } from '../support/gunicorn-service.ts'
import { runOk } from '../support/run.ts'
import { until } from '../support/until.ts'

describe('a service of gunicorn, in an environment that was there before', () => {
  let site: DeploySite
  const root = () => site.fleet.members[0]?.service.root ?? ''
  const url = () => `${site.fleet.members[0]?.service.url}`
  const master = async () => Number(await readFile(join(root(), 'app.pid'), 'utf8'))
  beforeAll(async () => {
    site = await startSite(embedded, {
      nodes: [{}],
      service: { layout: 'in-place', restart: { signal: 'HUP', pidfile: '{root}/app.pid', start: gunicornStart } },
      verify: { timeout_seconds: 4 },
    })
    await installedByHand()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  async function installedByHand(): Promise<void> {
    await gunicornByHand(root(), wsgiApp('1.0'))
    const port = new URL(url()).port
    await runOk(gunicornStart.map((word) => word.replaceAll('{root}', root()).replaceAll('{http}', port)))
    await until(async () => (await askService(url())) !== undefined)
  }

  it('is upgraded by HUP, under the same main process; and taken back where the release ends it as a whole', async () => {
    const before = await master()
    await site.publish(wsgiApp('1.1'), '1.1')
    const plan = await site.post('/promote/app/1.1?dry_run=true')
    const adopted = { release: 'adopted-1.0', version: '1.0', healthy: true, verified: false }
    expect(plan).toMatchObject({ services: [{ service: 'web', nodes: [{ name: 'web1', before: adopted }] }] })
    expect(await site.promote('1.1')).toMatchObject({ status: 200 })
    expect(await askService(url())).toMatchObject({ version: '1.1' })
    expect(await master()).toBe(before)
    expect(await site.get('/channels/app')).toMatchObject({ channels: { production: { current: { version: '1.1' } } } })
    expect(await site.get('/services')).toMatchObject({ services: [{ name: 'web', desired: { version: '1.1' } }] })
    // Workers that cannot be started end gunicorn, so that the way back has to start it.
    await site.publish(wsgiApp('1.2', true), '1.2')
    const failed = await site.promote('1.2')
    expect([failed.status, failed.text]).toEqual([424, expect.stringContaining('failed and was rolled back')])
    expect(await askService(url())).toMatchObject({ version: '1.1' })
    expect(await master()).not.toBe(before)
    const back = await site.post('/services/web/rollback?wait=60')
    expect(back).toMatchObject({ pointer: { version: '1.1' }, deploys: [{ phase: 'succeeded' }] })
    expect(await site.get('/services/web')).toMatchObject({ hold: { reason: 'rolled back from 1.2' } })
    expect(await site.post('/services/web/release')).toMatchObject({ hold: null })
  }, 120_000)
})
