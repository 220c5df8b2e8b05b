import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoAppOptions, demoApp } from '../support/demo-app.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'

/** Restarts, but for once not at all where a file says so: as a restart that goes wrong without a word. */
const restart = {
  command: ['sh', '-c', 'if [ -e {root}/stuck ]; then rm {root}/stuck; else {root}/restart-app.sh; fi'],
}

describe('verifying what runs on a node', () => {
  let site: DeploySite
  beforeAll(async () => {
    site = await startSite(embedded, { nodes: [{}, {}], service: { restart } })
  }, 120_000)
  afterAll(() => site?.[Symbol.asyncDispose]())

  const publish = (options: DemoAppOptions) => site.publish(demoApp(options), options.version)
  const versions = async () => (await site.running()).map((running) => running?.version)

  it('is not deceived by an old process that reads the new version from the disk', async () => {
    await publish({ version: '1.3.0', rereadsVersionFromDisk: true })
    await publish({ version: '1.4.0', rereadsVersionFromDisk: true })
    expect((await site.promote('1.3.0')).status).toBe(200)
    writeFileSync(join(site.fleet.members[0]?.service.root ?? '', 'stuck'), '')
    const { status, text } = await site.promote('1.4.0')
    expect(status, text).toBe(424)
    expect(text).toMatch(/web1: the process that answers \(\d+, version 1\.4\.0\) started before the restart/)
    expect(text).toContain('rolled back')
    expect(await versions()).toEqual(['1.3.0', '1.3.0'])
  }, 240_000)

  it('restarts a node that only seems to run the version: the link was switched there, and no process began since', async () => {
    const { root } = site.fleet.members[0]?.service ?? { root: '' }
    const release = readdirSync(join(root, 'releases')).find((name) => name.startsWith('1.4.0-')) ?? ''
    rmSync(join(root, 'current'))
    symlinkSync(`releases/${release}`, join(root, 'current'))
    const [before] = await site.running()
    expect(before?.version).toBe('1.4.0')
    const { status, text } = await site.promote('1.4.0')
    expect(status, text).toBe(200)
    const [after] = await site.running()
    expect(after?.version).toBe('1.4.0')
    expect(after?.pid).not.toBe(before?.pid)
    expect((await site.promote('1.3.0')).status).toBe(200)
  }, 240_000)

  it('tells a service that comes up and crashes a little later from one that runs', async () => {
    await publish({ version: '1.5.0', crashAfterSeconds: 0.6 })
    const { status, text } = await site.promote('1.5.0')
    expect(status, text).toBe(424)
    expect(await versions()).toEqual(['1.3.0', '1.3.0'])
  }, 240_000)
})
