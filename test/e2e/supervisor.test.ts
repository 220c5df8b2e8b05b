import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { askService } from '../support/ask-service.ts'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'
import { type Supervisord, startSupervisord } from '../support/supervisord.ts'

let site: DeploySite
let supervisord: Supervisord
const service = () => site.fleet.members[0]?.service ?? { root: '', url: '', port: 0 }
beforeAll(async () => {
  site = await startSite(embedded, {
    nodes: [{ supervisor: true }],
    service: { restart: { supervisor: 'app', config: '{root}/supervisor/app.conf' } },
  })
  const { root, port } = service()
  const python = join(root, 'current', 'bin', 'python')
  const argv = [python, '-m', 'app', '--port', `${port}`, '--owner', `${process.pid}`]
  supervisord = await startSupervisord(join(root, 'supervisor'), argv)
})
afterAll(async () => {
  await supervisord?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
})

it('a program of supervisord runs what was promoted, and what it ran before where that does not start', async () => {
  for (const version of ['1.0', '1.1']) {
    await site.publish(demoApp({ version }), version)
    const { status, text } = await site.promote(version)
    expect(status, text + supervisord.logs()).toBe(200)
    expect(await askService(service().url)).toMatchObject({ version })
  }
  await site.publish(demoApp({ version: '1.2', importError: true }), '1.2')
  const { status, text } = await site.promote('1.2')
  expect([status, text]).toEqual([424, expect.stringContaining('app 1.2 on web failed and was rolled back')])
  expect(text).toMatch(/Reason: web1: Restarting on 1\.2\S* failed \(exit status 7\): .*app: ERROR \(spawn error\)/)
  expect(text).toMatch(/app +(BACKOFF|FATAL) +Exited too quickly/)
  expect(supervisord.logs()).toContain("No module named 'a_module_that_nobody_installed'")
  expect(text).toMatch(/web1 .*is back on what it ran \(before: 1\.1\)/)
  expect(await askService(service().url)).toMatchObject({ version: '1.1' })
}, 240_000)
