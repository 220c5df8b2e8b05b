import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import { until } from '../support/until.ts'

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

describe.each(ways.slice(0, 1))('a deploy that is told something while it runs, %s', (_name, way) => {
  let site: DeploySite
  beforeAll(async () => {
    const rollout = { soak_seconds: 0.2, on_failure: 'pause', waves: [1, '50%'] }
    site = await startSite(way, { nodes: [{}, {}, {}], service: { restart }, verify: { timeout_seconds: 3 }, rollout })
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await site.publish(demoApp({ version }), version)
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
  async function tell(id: string, what: string, reason = 'to look at it') {
    const { url, token } = site.server()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ reason })
    const answer = await fetch(`${url}/deploys/${id}/${what}`, { method: 'POST', headers, body })
    return { status: answer.status, text: await answer.text() }
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
})
