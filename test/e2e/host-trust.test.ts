import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, embedded, startSite, ways } from '../support/deploy-site.ts'
import type { FleetMember } from '../support/fleet.ts'
import { run } from '../support/run.ts'
import { generateSshKey } from '../support/ssh-keys.ts'
import { until } from '../support/until.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'

describe.each(ways)('the host keys of nodes behind a jump host, %s', (_name, way) => {
  let site: DeploySite
  beforeAll(async () => {
    site = await startSite(way, { nodes: [{}, {}], jumps: true, rollout: { unreachable_seconds: 3 } })
    know()
    await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
  }, 60_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const jump = () => {
    if (site.fleet.jump === undefined) throw new Error('There is no jump host.')
    return site.fleet.jump
  }
  /** The file of the configuration says this and no more. */
  const know = (ofJump = jump().knownHostsLine, ofNodes: readonly string[] = []) =>
    writeFileSync(site.fleet.knownHosts, ['# of this site', ofJump, ...ofNodes, ''].join('\n'))
  const trust = (...options: string[]) =>
    run([process.execPath, wheelhouseScript, 'hosts', 'trust', ...options], {
      env: { ...site.server().environment, USER: 'ada' },
      cwd: site.home,
    })

  const versions = async () => (await site.running()).map((one) => one?.version)
  const logins = () => site.fleet.members.map(({ node }) => node.logs().match(/Accepted publickey/g)?.length ?? 0)

  /** A deploy that waits for the index on some node. */
  async function heldUp(version: string) {
    const before = site.gate.connections()
    site.gate.hold()
    const promoting = site.promote(version)
    await until(() => site.gate.connections() > before)
    return { promoting }
  }

  /** What a promotion would do, as the command tells it. */
  async function plan(version: string): Promise<string> {
    const { url, token } = site.server()
    const env = { PATH: process.env['PATH'] ?? '', WHEELHOUSE_URL: url, WHEELHOUSE_TOKEN: token }
    const { code, stdout, stderr } = await run([process.execPath, wheelhouseScript, 'plan', 'app', version], { env })
    expect(code, stdout + stderr).toBe(0)
    return stdout
  }

  it('that nobody vouched for are named by a plan, node by node, with what to do', async () => {
    const text = await plan('1.0.0')
    expect(text).toContain('production of app would be 1.0.0. Nothing was changed.\nweb: 2 nodes: ')
    for (const name of ['web1', 'web2']) {
      const line = `^  ${name} {2}CANNOT BE DEPLOYED TO: The host key of ${name} \\(.*\\) is not known\\. .*: wheelhouse hosts trust ${name}$`
      expect(text).toMatch(new RegExp(line, 'm'))
    }
    expect(await site.get('/services/web')).not.toHaveProperty('recent.0')
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
    const onRecord = ({ node }: FleetMember) => `[${node.host}]:${node.port} ${stranger.publicKey}`
    know(undefined, site.fleet.members.map(onRecord))
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
    expect(replaced.stdout).toMatch(/the old key stands in line 3 of \S+known_hosts and counts as well/)
    expect((await trust()).stdout.match(/trusted already/g)).toHaveLength(3)
    const kept = await run([process.execPath, wheelhouseScript, 'audit', '--json'], {
      env: { ...site.server().environment },
      cwd: site.home,
    })
    const entries = kept.stdout.split('\n').flatMap((line) => (line.includes('"host-trust"') ? [JSON.parse(line)] : []))
    expect(entries).toEqual(
      site.fleet.members.map(({ name, node }) =>
        expect.objectContaining({
          ...{ action: 'host-trust', subject: `${node.host}:${node.port}`, outcome: 'done' },
          actor: { token: 'command', name: 'ada', from: 'the command line' },
          before: { verdict: 'changed', known: [expect.stringMatching(/^SHA256:/)] },
          after: { node: name, fingerprint: new RegExp(`${name} .*(SHA256:\\S+)`).exec(replaced.stdout)?.[1] },
        }),
      ),
    )
    const { status, text } = await site.promote('1.0.0')
    expect(status, text).toBe(200)
  }, 60_000)

  it('that are revoked are refused whatever else is on record', async () => {
    const revoked = ({ node }: FleetMember) => `@revoked [${node.host}]:${node.port} ${node.hostPublicKey}`
    know(undefined, site.fleet.members.map(revoked))
    await site.publish(demoApp({ version: '1.1.0' }), '1.1.0')
    const { status, text } = await site.promote('1.1.0')
    expect(status, text).toBe(424)
    expect(text).toMatch(/The host key of web[12] .* is revoked/)
    expect(await versions()).toEqual(['1.0.0', '1.0.0'])
  }, 60_000)

  // A plan waits for it, and either way by the same code.
  if (way === embedded)
    it('are of no use where a node is out of reach: a plan says so of that one, and what the others would get', async () => {
      know()
      await site.fleet.members[1]?.node.stop()
      const text = await plan('1.1.0')
      await site.fleet.members[1]?.node.start()
      expect(text).toMatch(/^ {2}web1 {2}runs 1\.0\.0; app 1\.0\.0 -> 1\.1\.0 \(to be pinned\)$/m)
      expect(text).toMatch(
        /^ {2}web2 {2}CANNOT BE DEPLOYED TO: The jump host \S+ does not lead to web2 .*Is the node up, /m,
      )
      expect(await versions()).toEqual(['1.0.0', '1.0.0'])
    }, 60_000)

  it('are known, and the key of the product is not let in: it is offered once in a deploy, and told with what to do', async () => {
    know()
    const [member] = site.fleet.members
    const allowed = join(member?.node.root ?? '', '..', 'authorized_keys')
    const lines = readFileSync(allowed, 'utf8')
    writeFileSync(allowed, '')
    const refused = () => member?.node.logs().match(/Failed publickey/g)?.length ?? 0
    const { status, text } = await site.promote('1.1.0')
    writeFileSync(allowed, lines)
    expect([status, refused()]).toEqual([424, 1])
    expect(text).toMatch(/Reason: web1: Web1 \(127\.0\.0\.1:\d+\) does not let \S+ log in with the key/i)
    expect(text).toContain('Add its public half to ~/.ssh/authorized_keys there.')
    expect(text).toContain('Nothing that runs was touched.')
  }, 60_000)

  it('are not even asked for where that of the jump host has changed: it is named, with its line and what to do', async () => {
    const stranger = await generateSshKey(site.home, 'stranger-on-the-way')
    const { host, port } = jump()
    know(`[${host}]:${port} ${stranger.publicKey}`)
    const before = logins()
    const stopped = await site.promote('1.1.0')
    expect(stopped.status, stopped.text).toBe(424)
    const line = `line 2 of ${site.fleet.knownHosts}`
    expect(stopped.text).toContain(`The host key of the jump host ${host}:${port} has changed`)
    expect(stopped.text).toMatch(/It shows the key SHA256:\S+; on record is SHA256:\S+ \(line 2 of /)
    expect(stopped.text).toContain(`take out ${line}, and record the new one: wheelhouse hosts trust ${host}`)
    expect(stopped.text).not.toMatch(/host key of web/)
    expect(stopped.text).toContain('Nothing that runs was touched.')
    expect([logins(), await versions()]).toEqual([before, ['1.0.0', '1.0.0']])
    know('')
    const trusted = await trust(host, '--yes')
    expect(trusted.code, trusted.stderr).toBe(0)
    expect(trusted.stdout).toMatch(/not known yet\n {2}recorded\n$/)
  }, 60_000)

  it('are asked for again when the jump host is back that went away in the middle of a deploy, which succeeds', async () => {
    const { promoting } = await heldUp('1.1.0')
    await jump().stop()
    await jump().start()
    site.gate.release()
    const { status, text } = await promoting
    expect(status, text).toBe(200)
    expect(await versions()).toEqual(['1.1.0', '1.1.0'])
  }, 60_000)

  it('are behind a jump host that stays away: a deploy ends as with nodes out of reach, and names it', async () => {
    await site.publish(demoApp({ version: '1.2.0' }), '1.2.0')
    const { promoting } = await heldUp('1.2.0')
    await jump().stop()
    site.gate.release()
    const { status, text } = await promoting
    expect(status, text).toBe(424)
    expect(text).toContain(`The jump host ${jump().host}:${jump().port} cannot be reached: connect ECONNREFUSED`)
    expect(text).toMatch(/web[12] {2}unreachable, not touched \(before: 1\.1\.0\): The jump host /)
    expect(text).toContain('Nothing that runs was touched.')
    expect(await versions()).toEqual(['1.1.0', '1.1.0'])
  }, 60_000)
})
