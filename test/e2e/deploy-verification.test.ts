import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Balancer, balancing, startBalancer } from '../support/balancer.ts'
import { type DemoAppOptions, demoApp } from '../support/demo-app.ts'
import { type DeploySite, embedded, startSite } from '../support/deploy-site.ts'
import { startLoad } from '../support/load.ts'

/** Restarts, but for once not at all where a file says so: as a restart that goes wrong without a word. */
const restart = {
  command: ['sh', '-c', 'if [ -e {root}/stuck ]; then rm {root}/stuck; else {root}/restart-app.sh; fi'],
}

/** Tells by which version, in the environment of which release; not where a file forbids it. */
const migration = {
  command: [
    'sh',
    '-c',
    'if [ -e refused ]; then echo the table is locked; exit 3; fi; echo "$WHEELHOUSE_VERSION $(python -c "from app._version import VERSION; print(VERSION)")" >>migrated',
  ],
}

describe('verifying what runs on nodes behind a balancer that tries nothing twice', () => {
  let site: DeploySite
  let balancer: Balancer
  beforeAll(async () => {
    balancer = await startBalancer()
    const service = { restart, ...balancing(balancer), once_per_deploy: migration }
    site = await startSite(embedded, { nodes: [{}, {}], service, verify: { timeout_seconds: 2 } })
    for (const { name, service } of site.fleet.members) balancer.add(name, service.url)
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await balancer?.[Symbol.asyncDispose]()
  })

  const publish = (options: DemoAppOptions) => site.publish(demoApp(options), options.version)
  const versions = async () => (await site.running()).map((running) => running?.version)

  /** How a promotion ends, and what visitors of the balancer met meanwhile. */
  async function promoteUnderLoad(version: string) {
    const load = startLoad(`${balancer.url}/`, 1)
    const promoted = await site.promote(version)
    const { answered, failed } = await load.stop()
    expect(answered).toBeGreaterThan(30)
    expect(failed).toEqual([])
    expect(balancer.drained()).toEqual([])
    return promoted
  }
  const migrations = () =>
    site.fleet.members.map(({ service }) => {
      const file = join(service.root, 'migrated')
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    })

  it('is not deceived by an old process that reads the new version from the disk', async () => {
    await publish({ version: '1.3.0', rereadsVersionFromDisk: true })
    await publish({ version: '1.4.0', rereadsVersionFromDisk: true })
    expect((await site.promote('1.3.0')).status).toBe(200)
    writeFileSync(join(site.fleet.members[0]?.service.root ?? '', 'stuck'), '')
    const { status, text } = await promoteUnderLoad('1.4.0')
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
    const { status, text } = await promoteUnderLoad('1.4.0')
    expect(status, text).toBe(200)
    const [after] = await site.running()
    expect(after?.version).toBe('1.4.0')
    expect(after?.pid).not.toBe(before?.pid)
    expect((await promoteUnderLoad('1.3.0')).status).toBe(200)
  }, 240_000)

  it('runs what is run once per deploy on one node, with the new release, and not on the way back', () => {
    expect(migrations()).toEqual([['1.3.0 1.3.0', '1.4.0 1.4.0', '1.4.0 1.4.0'], []])
  })

  it('touches nothing where that fails, and says why', async () => {
    const before = await site.running()
    writeFileSync(join(site.fleet.members[0]?.service.root ?? '', 'refused'), '')
    const { status, text } = await site.promote('1.4.0')
    rmSync(join(site.fleet.members[0]?.service.root ?? '', 'refused'))
    expect(status, text).toBe(424)
    expect(text).toMatch(/Reason: web1: What is run once per deploy .* failed \(exit status 3\): the table is locked/)
    expect(text).toContain('Nothing that runs was touched.')
    expect((await site.running()).map((one) => one?.pid)).toEqual(before.map((one) => one?.pid))
  }, 240_000)

  it.each<[string, RegExp, DemoAppOptions]>([
    ['cannot be imported', /nothing answers at/, { version: '1.5.1', importError: true }],
    ['never listens', /nothing answers at/, { version: '1.5.2', neverListens: true }],
    ['is another version than it should be', /runs version 1\.3\.9, not 1\.5\.3/, { version: '1.5.3', tells: '1.3.9' }],
  ])(
    'goes back by itself from a release that %s, and no visitor notices',
    async (_how, why, options) => {
      await publish(options)
      const { status, text } = await promoteUnderLoad(options.version)
      expect(status, text).toBe(424)
      expect(text).toContain('failed and was rolled back')
      expect(text).toMatch(why)
      expect(text).toMatch(/web2 .*installed beside, not touched/)
      expect(await versions()).toEqual(['1.3.0', '1.3.0'])
    },
    240_000,
  )
})
