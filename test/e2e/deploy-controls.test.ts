import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import { writeConfiguration } from '../support/fleet.ts'
import { run } from '../support/run.ts'
import { until } from '../support/until.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'

interface DeployJson {
  readonly phase: string
  readonly reason: string | null
  /** Absent where there is no such deploy yet. */
  readonly nodes?: readonly { readonly name: string; readonly state: string }[]
}

/** Restarts once nothing holds it up, and for once not at all where a file says so. */
const restart = {
  command: [
    'sh',
    '-c',
    'while [ -e {root}/held ]; do sleep 0.05; done; if [ -e {root}/stuck ]; then rm {root}/stuck; else {root}/restart-app.sh; fi',
  ],
}

const settings = {
  verify: { timeout_seconds: 3 },
  rollout: { soak_seconds: 0.2, on_failure: 'pause', waves: [1, '50%'] },
}

describe.each(ways.slice(0, 1))('a deploy that is told something while it runs, %s', (_name, way) => {
  let site: DeploySite
  beforeAll(async () => {
    site = await startSite(way, { nodes: [{}, {}, {}], service: { restart }, ...settings })
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'])
      await site.publish(demoApp({ version }), version)
    const first = await site.promote('1.0.0')
    expect(first.status, first.text).toBe(200)
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const versions = async () => (await site.running()).map((running) => running?.version)
  const markOn = (at: number, name: string) => join(site.fleet.members[at]?.service.root ?? '', name)
  const deploy = (id: string) => site.get<DeployJson>(`/deploys/${id}`)
  /** Seldom enough to leave the machine to the nodes. */
  const comesAbout = (condition: () => Promise<boolean>) =>
    until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return await condition()
    }, 30)
  const stateOf = async (id: string, at: number) => (await deploy(id)).nodes?.[at]?.state
  async function send(path: string, body: object, token = site.server().token) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${site.server().url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: answer.status, text: await answer.text() }
  }
  const tell = (id: string, what: string, reason = 'to look at it', token?: string) =>
    send(`/deploys/${id}/${what}`, { reason }, token)
  async function wheelhouse(token: string, ...words: readonly string[]) {
    const env = { PATH: process.env['PATH'] ?? '', WHEELHOUSE_URL: site.server().url, WHEELHOUSE_TOKEN: token }
    const { code, stdout } = await run([process.execPath, wheelhouseScript, ...words], { env })
    return [code, stdout] as const
  }

  it('pauses after what is in hand, stays so when its worker is killed, and goes on when it is told', async () => {
    const id = 'web.production.2'
    writeFileSync(markOn(1, 'held'), '')
    await site.promote('1.1.0', '')
    await comesAbout(async () => (await stateOf(id, 1)) === 'activating')
    const { status, text } = await tell(id, 'pause')
    expect([status, text]).toEqual([200, expect.stringContaining('is paused; it switches node after node')])
    expect(text).toContain(
      'Plan: 3 nodes: waves of 1, 1, 1; at most 1 out of service at a time; pauses at the 1st failure',
    )
    expect(text).toMatch(/Reason: Paused by .*: to look at it/)
    rmSync(markOn(1, 'held'))
    await comesAbout(async () => (await stateOf(id, 1)) === 'updated')
    await site.killCarrier()
    expect(await tell(id, 'pause')).toEqual({ status: 409, text: expect.stringContaining('it is paused already') })
    expect(await versions()).toEqual(['1.1.0', '1.1.0', '1.0.0'])
    expect((await tell(id, 'resume')).status).toBe(200)
    await comesAbout(async () => (await deploy(id)).phase === 'succeeded')
    expect(await versions()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
  }, 60_000)

  it('takes the nodes that it touched back when it is aborted, after what is in hand', async () => {
    const id = 'web.production.3'
    writeFileSync(markOn(1, 'held'), '')
    const promoted = site.promote('1.2.0')
    await comesAbout(async () => (await stateOf(id, 1)) === 'activating')
    expect((await tell(id, 'abort', 'wrong release')).text).toContain('was aborted, and takes the touched nodes back')
    rmSync(markOn(1, 'held'))
    const { status, text } = await promoted
    expect([status, text]).toEqual([424, expect.stringContaining('app 1.2.0 on web was aborted.')])
    expect(text).toMatch(/Reason: Aborted by .*: wrong release/)
    expect(text).toMatch(/web2 .*is back on what it ran \(before: 1.1.0\)/)
    expect(text).toMatch(/web3 .*installed beside, not touched/)
    expect(await versions()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
    expect((await tell(id, 'resume')).status).toBe(409)
  }, 60_000)

  it('waits for a person after a failure, and tries the node again when it is told', async () => {
    const id = 'web.production.4'
    writeFileSync(markOn(1, 'stuck'), '')
    await site.promote('1.3.0', '')
    await comesAbout(async () => (await deploy(id)).phase === 'paused')
    const text = await site.text(`/deploys/${id}`)
    expect(text).toMatch(/Reason: web2: the process that answers .* started before the restart/)
    expect(text).toContain(`To try again what failed: POST /deploys/${id}/retry.`)
    expect((await versions())[2]).toBe('1.1.0')
    expect((await tell(id, 'retry')).status).toBe(200)
    await comesAbout(async () => (await deploy(id)).phase === 'succeeded')
    expect(await versions()).toEqual(['1.3.0', '1.3.0', '1.3.0'])
  }, 60_000)

  it('installs nothing before two people have approved it, over a kill of its worker, and then goes on by itself', async () => {
    const service = { restart, approvals: { needed: 2 } }
    await writeConfiguration(site.config, { ...settings, service, fleet: site.fleet })
    await site.killCarrier()
    const id = 'web.production.5'
    const { status, text } = await site.promote('1.4.0')
    expect([status, text]).toEqual([409, expect.stringContaining('app 1.4.0 on web waits for approval (0 of 2)')])
    expect(await site.text(`/deploys/${id}`)).toContain('On web1, web2, web3: app 1.3.0 -> 1.4.0\n')
    const tokenOf = async (user: string, name: string) => {
      const made = await send('/tokens', { name, user, scopes: ['approve:app', 'read'] })
      return String(JSON.parse(made.text).token)
    }
    const [laptop, phone, bob] = await Promise.all([
      ...[tokenOf('ada', 'laptop'), tokenOf('ada', 'phone'), tokenOf('bob', "bob's")],
    ])
    // Who promoted and uploaded is no other pair of eyes.
    expect(await tell(id, 'approve')).toEqual({ status: 403, text: expect.stringContaining('promoted app 1.4.0') })
    expect((await tell(id, 'approve', 'fine', laptop)).text).toContain('it has 1 of 2 approvals')
    expect((await tell(id, 'approve', 'fine', phone)).text).toContain('had approved web.production.5 before')
    await site.killCarrier()
    expect(await site.text('/services/web')).toContain(`waiting for approval ${id}`)
    const releases = readdirSync(markOn(0, 'releases'))
    expect(releases.filter((name) => name.startsWith('1.4.0'))).toEqual([])
    // CI is not kept for as long as people take.
    const again = await wheelhouse(site.server().token, 'promote', 'app', '1.4.0')
    expect(again).toEqual([6, expect.stringContaining(`wheelhouse approve ${id}\n`)])
    const approved = await wheelhouse(bob ?? '', 'approve', id, '--reason', 'fine')
    expect(approved).toEqual([0, expect.stringContaining('it has 2 of 2 approvals')])
    await comesAbout(async () => (await deploy(id)).phase === 'succeeded')
    expect(await versions()).toEqual(['1.4.0', '1.4.0', '1.4.0'])
    expect(await site.text(`/deploys/${id}`)).toMatch(
      /Approved by laptop \(ada\) on .*: fine\n {2}Approved by bob's \(bob\)/,
    )
  }, 90_000)

  it('goes back without approval to what ran well before, and waits before its next wave for a freeze made meanwhile', async () => {
    const [id, admin] = ['web.production.6', site.server().token]
    writeFileSync(markOn(1, 'held'), '')
    await site.promote('1.3.0', '')
    await comesAbout(async () => (await stateOf(id, 1)) === 'activating')
    const made = await wheelhouse(admin, 'freeze', 'web', '--until', '2999-01-01T00:00', '--reason', 'audit')
    expect(made).toEqual([0, expect.stringContaining('To end it: wheelhouse thaw web ')])
    rmSync(markOn(1, 'held'))
    await comesAbout(async () => (await deploy(id)).phase === 'paused')
    expect(await site.text(`/deploys/${id}`)).toContain('Reason: web is frozen until 2999-01-01 00:00 UTC (audit)')
    expect(await versions()).toEqual(['1.3.0', '1.3.0', '1.4.0'])
    expect(await site.promote('1.2.0')).toEqual({ status: 409, text: expect.stringContaining('web is frozen until') })
    const freeze = /wheelhouse thaw web (\w+)/.exec(made[1])?.[1] ?? ''
    expect(await wheelhouse(admin, 'thaw', 'web', freeze)).toEqual([0, expect.stringContaining('(audit) is over')])
    expect((await tell(id, 'resume')).status).toBe(200)
    await comesAbout(async () => (await deploy(id)).phase === 'succeeded')
    expect(await versions()).toEqual(['1.3.0', '1.3.0', '1.3.0'])
  }, 60_000)

  it('is followed by a rollback that was asked for while it ran, after what the service ran well before', async () => {
    const [running, back] = ['web.production.7', 'web.production.8']
    writeFileSync(markOn(1, 'held'), '')
    await site.promote('1.1.0', '')
    await comesAbout(async () => (await stateOf(running, 1)) === 'activating')
    const asked = await send('/services/web/rollback', { reason: 'too slow' })
    expect([asked.status, asked.text]).toEqual([
      202,
      expect.stringContaining(`${back}: app 1.3.0 on web is waiting for its turn.`),
    ])
    // It does not cut into what runs: to end that at once there is abort.
    expect(await site.get('/services/web')).toMatchObject({ running, waiting: back, hold: { reason: 'too slow' } })
    rmSync(markOn(1, 'held'))
    await comesAbout(async () => (await deploy(back)).phase === 'succeeded')
    expect((await deploy(running)).phase).toBe('succeeded')
    expect(await versions()).toEqual(['1.3.0', '1.3.0', '1.3.0'])
  }, 60_000)
})
