import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import type { FleetMember } from '../support/fleet.ts'
import { run } from '../support/run.ts'
import { generateSshKey } from '../support/ssh-keys.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'

describe.each(ways)('the host keys of nodes, %s', (_name, way) => {
  let site: DeploySite
  beforeAll(async () => {
    site = await startSite(way, { nodes: [{}, {}] })
    writeFileSync(site.fleet.knownHosts, '')
    await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
  }, 60_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const trust = (...options: string[]) =>
    run([process.execPath, wheelhouseScript, 'hosts', 'trust', ...options], {
      env: { ...site.server().environment },
      cwd: site.home,
    })

  it('must be known: a deploy to a node that nobody vouched for touches nothing, and tells what to do', async () => {
    const { status, text } = await site.promote('1.0.0')
    expect(status, text).toBe(424)
    expect(text).toMatch(/The host key of web[12] \(127\.0\.0\.1:\d+\) is not known\. It shows the key SHA256:/)
    expect(text).toMatch(/wheelhouse hosts trust web[12]/)
    expect(text).toContain('Nothing that runs was touched.')
    expect(await site.running()).toEqual([undefined, undefined])
  })

  it('are shown first, and recorded by nobody but a person who says so', async () => {
    const shown = await trust()
    expect(shown.code).toBe(1)
    expect(shown.stdout).toMatch(/web1 \(127\.0\.0\.1:\d+\) {2}SHA256:\S+ {2}not known yet/)
    expect(shown.stderr).toContain('Nobody is there to confirm the key of web1')
    expect((await site.promote('1.0.0')).status).toBe(424)
  })

  it('that have changed stop a deploy, and are replaced only on purpose, then for every worker', async () => {
    const stranger = await generateSshKey(site.home, 'stranger')
    const onRecord = ({ node }: FleetMember) => `[${node.host}]:${node.port} ${stranger.publicKey}\n`
    writeFileSync(site.fleet.knownHosts, site.fleet.members.map(onRecord).join(''))
    const stopped = await site.promote('1.0.0')
    expect(stopped.status, stopped.text).toBe(424)
    expect(stopped.text).toMatch(/The host key of web[12] .* has changed/)
    const hesitant = await trust('--yes')
    expect(hesitant.code).toBe(1)
    expect(hesitant.stdout).toContain('CHANGED: another key is on record')
    expect((await site.promote('1.0.0')).status).toBe(424)
    const replaced = await trust('--yes', '--replace')
    expect(replaced.code, replaced.stderr).toBe(0)
    expect(replaced.stdout.match(/recorded/g)).toHaveLength(2)
    expect((await trust()).stdout.match(/trusted already/g)).toHaveLength(2)
    const { status, text } = await site.promote('1.0.0')
    expect(status, text).toBe(200)
  }, 60_000)

  it('that are revoked are refused whatever else is on record', async () => {
    const revoked = ({ node }: FleetMember) => `@revoked [${node.host}]:${node.port} ${node.hostPublicKey}\n`
    writeFileSync(site.fleet.knownHosts, site.fleet.members.map(revoked).join(''))
    await site.publish(demoApp({ version: '1.1.0' }), '1.1.0')
    const { status, text } = await site.promote('1.1.0')
    expect(status, text).toBe(424)
    expect(text).toMatch(/The host key of web[12] .* is revoked/)
    expect((await site.running()).map((one) => one?.version)).toEqual(['1.0.0', '1.0.0'])
  }, 60_000)
})
