import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balancing, startBalancer } from '../support/balancer.ts'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import { writeConfiguration } from '../support/fleet.ts'
import { startLoad } from '../support/load.ts'
import { startNginx } from '../support/nginx.ts'
import { until } from '../support/until.ts'
import { watchServices } from '../support/watch-services.ts'

const settings = { rollout: { soak_seconds: 3 }, service: { converge: { every_minutes: 0.05, repair: true } } }

describe.each(ways.slice(0, 1))('a service that nobody can ask for its version, %s', (_name, way) => {
  it('is deployed by the process that its pid file names, and goes back from a release that dies soon after its start', async () => {
    const verify = { url: undefined, pidfile: '{root}/app.pid' }
    await using site = await startSite(way, { nodes: [{}], verify, rollout: { soak_seconds: 2 } })
    const { service } = site.fleet.members[0] ?? {}
    await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
    const first = await site.promote('1.0.0')
    expect(first.status, first.text).toBe(200)
    expect(first.text).toContain('verified by a new process of the release, which tells no version')
    const before = await service?.pid()
    // Longer than the row of looks, and shorter than the soak.
    await site.publish(demoApp({ version: '1.1.0', crashAfterSeconds: 1 }), '1.1.0')
    const second = await site.promote('1.1.0')
    expect(second.status, second.text).toBe(424)
    expect(second.text).toContain('app 1.1.0 on web failed and was rolled back')
    expect(second.text).toMatch(/Reason: web1: .*app\.pid names no process that runs/)
    await until(async () => (await site.running())[0]?.version === '1.0.0')
    expect(await service?.pid()).not.toBe(before)
    expect(await site.get('/services/web')).toMatchObject({ verified: 'process', stable: { version: '1.0.0' } })
  }, 120_000)
})

describe.each(ways.slice(0, 1))('a release that dies a few seconds after its start, %s', (_name, way) => {
  let site: DeploySite
  beforeAll(async () => {
    site = await startSite(way, { nodes: [{}, {}, {}], ...settings })
    await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
    const first = await site.promote('1.0.0')
    expect(first.status, first.text).toBe(200)
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  it('takes out one node, goes back, and a load balancer always finds the others', async () => {
    await site.publish(demoApp({ version: '1.1.0', crashAfterSeconds: 2 }), '1.1.0')
    const upstreams = site.fleet.members.map(({ service }) => `127.0.0.1:${service.port}`)
    await using balancer = await startNginx({ upstreams })
    const [load, watch] = [startLoad(`${balancer.url}/`, 8), watchServices(site)]
    const { status, text } = await site.promote('1.1.0')
    const [{ answered, failed }, mostOut] = [await load.stop(), await watch.stop()]
    expect(status, text).toBe(424)
    expect(text).toContain('app 1.1.0 on web failed and was rolled back')
    expect(text).toMatch(/web1 .*is back on what it ran \(before: 1.0.0\)/)
    expect(text).toMatch(/web2 .*installed beside, not touched/)
    expect(text).toMatch(/web3 .*installed beside, not touched/)
    // A process that dies takes along the answers that it is writing, one for each of the eight visitors at most; nobody
    // ever finds no node in service.
    expect(failed.filter((failure) => failure !== 'aborted')).toEqual([])
    expect(failed.length).toBeLessThanOrEqual(8)
    expect(answered).toBeGreaterThan(300)
    expect(mostOut).toBe(1)
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.0.0', '1.0.0', '1.0.0'])
    expect(activationsOn(1)).toEqual(activationsOn(2))
    expect(activationsOn(0).length).toBeGreaterThan(activationsOn(1).length)
  }, 240_000)

  /** The operator writes the file, and sends the signal. */
  async function configure(changes: object): Promise<void> {
    const taken = () =>
      site
        .server()
        .output()
        .match(/read anew: [^\n]*changed: web/g)?.length ?? 0
    const before = taken()
    await writeConfiguration(site.config, { ...settings, ...changes, fleet: site.fleet })
    process.kill(site.server().pid, 'SIGHUP')
    await until(() => taken() > before)
  }

  it('meets no visitor of a balancer that tries nothing twice, where it has to answer well for longer before it is put back', async () => {
    await using balancer = await startBalancer()
    for (const { name, service } of site.fleet.members) balancer.add(name, service.url)
    const verify = { probes: 13, interval_seconds: 0.5, timeout_seconds: 6.5 }
    await configure({ verify, service: { ...settings.service, ...balancing(balancer) } })
    await site.publish(demoApp({ version: '1.2.0', crashAfterSeconds: 5 }), '1.2.0')
    const load = startLoad(`${balancer.url}/`, 2)
    const { status, text } = await site.promote('1.2.0')
    const { answered, failed } = await load.stop()
    expect(status, text).toBe(424)
    expect(text).toContain('app 1.2.0 on web failed and was rolled back')
    expect(text).toMatch(/Reason: web1: (nothing answers|the process \d+ is gone)/)
    expect(text).toMatch(/web1 .*is back on what it ran \(before: 1.0.0\)/)
    expect([failed, balancer.drained()]).toEqual([[], []])
    expect(answered).toBeGreaterThan(300)
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.0.0', '1.0.0', '1.0.0'])
    await configure({})
  }, 120_000)

  it('brings a node back that stopped serving without any deploy, and shows it until then', async () => {
    // The rollback holds all that is automatic, repairs too, until a person has said what should run.
    const again = await site.promote('1.0.0')
    expect(again.status, again.text).toBe(200)
    await site.fleet.members[1]?.service.stop()
    const service = () => site.get<{ drift: string[]; nodes: { name: string; standing: string }[] }>('/services/web')
    await until(async () => (await service()).drift.length > 0, 60)
    expect((await service()).nodes).toMatchObject([{ standing: 'ok' }, { standing: 'silent' }, { standing: 'ok' }])
    expect(await site.text('/services/web')).toContain('DRIFT: 1.0.0 does not answer')
    expect(await site.text('/metrics')).toContain('wheelhouse_service_nodes{service="web",standing="silent"} 1')
    await until(async () => (await site.running()).every((one) => one?.version === '1.0.0'), 60)
    await until(async () => (await service()).drift.length === 0, 60)
    expect(await site.text('/services/web')).toMatch(/web\.production\.\d+-repair-[0-9a-f]{8} {2}1\.0\.0 {2}succeeded/)
  }, 240_000)

  /** Which deploys restarted the service of a node. */
  const activationsOn = (at: number) => {
    const { root } = site.fleet.members[at]?.service ?? { root: '' }
    const named = /^(.*)\.\d+-activate-[0-9a-f]{8}$/
    return readdirSync(join(root, '.wheelhouse', 'runs')).flatMap((run) => named.exec(run)?.[1] ?? [])
  }
})
