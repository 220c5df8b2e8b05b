import { existsSync, readdirSync } from 'node:fs'
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { runDetached } from '../../../src/deploy/detached-run.ts'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import { stageScript } from '../../../src/deploy/node/stage.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { type SshNode, startNode } from '../../support/sshd.ts'
import { toolPaths } from '../../support/tools.ts'

const day = 86_400

describe('what is left on a node after an installation', () => {
  let node: SshNode
  let connection: HostConnection
  beforeAll(async () => {
    node = await startNode()
    const { host: address, port, user, clientKeyPath: keyPath } = node
    const target = { name: 'web1', address, port, user, keyPath, connectSeconds: 15 }
    connection = new HostConnection(
      ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)),
      target,
    )
  })
  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]()
    await node?.[Symbol.asyncDispose]()
  })

  async function aged(path: string, days: number): Promise<void> {
    const then = Date.now() / 1000 - days * day
    await utimes(path, then, then)
  }

  async function release(root: string, version: string, days: number): Promise<void> {
    const folder = join(root, 'releases', `${version}-lock`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'wheelhouse.json'), JSON.stringify({ version }))
    await aged(join(folder, 'wheelhouse.json'), days)
  }

  async function stage(root: string, attempt: string) {
    const script = stageScript({
      ...{ python: toolPaths().python, root, release: '9.0-lock', requirements: '', keepReleases: 2, stable: '1.0' },
      ...{ installer: 'auto' as const, indexes: [] },
      manifest: { project: 'app', version: '9.0', lock: 'lock' },
    })
    const run = { root, attempt, owner: 'store/web', fence: 1, script, limitSeconds: 60 }
    return await runDetached(connection, run, { clock: systemClock, patienceSeconds: 20 })
  }

  it('is the newest, and all that could be gone back to', async () => {
    const root = join(node.root, 'app')
    for (let minor = 0; minor < 8; minor++) await release(root, `1.${minor}`, 100 - minor)
    await release(root, '9.0', 200)
    await symlink('releases/1.2-lock', join(root, 'current'))
    await mkdir(join(root, '.wheelhouse', 'runs', 'old'), { recursive: true })
    await mkdir(join(root, '.wheelhouse', 'runs', 'recent'))
    await aged(join(root, '.wheelhouse', 'runs', 'old'), 31)
    await aged(join(root, '.wheelhouse', 'runs', 'recent'), 29)
    await writeFile(
      join(root, '.wheelhouse', 'verified'),
      JSON.stringify({ release: '1.3-lock', predecessor: '1.1-lock', boot: '', process: [1, 1] }),
    )
    for (const [name, days] of [
      ['died-long-ago', 2],
      ['died-just-now', 0],
    ] as const) {
      await mkdir(join(root, 'releases', name))
      await aged(join(root, 'releases', name), days)
    }
    expect(await stage(root, 'a-stage')).toMatchObject({ kind: 'exited', code: 0 })
    expect(readdirSync(join(root, 'releases')).sort()).toEqual([
      // The stable one, the predecessor, the current one, the one that was seen to run; the newest two, the new one among them.
      ...['1.0-lock', '1.1-lock', '1.2-lock', '1.3-lock', '1.7-lock', '9.0-lock', 'died-just-now'],
    ])
    expect(readdirSync(join(root, '.wheelhouse', 'runs')).sort()).toEqual(['a-stage', 'recent'])
  })

  it('is what could be gone back to, whatever the clock of the node said when it was made, or says now', async () => {
    const root = join(node.root, 'skewed')
    const future = -400
    for (const version of ['1.0', '1.1', '1.2', '1.3', '1.4']) await release(root, version, future)
    await release(root, '9.0', 20_000)
    await symlink('releases/1.2-lock', join(root, 'current'))
    await mkdir(join(root, '.wheelhouse', 'runs', 'made-in-the-future'), { recursive: true })
    await aged(join(root, '.wheelhouse', 'runs', 'made-in-the-future'), future)
    await mkdir(join(root, 'releases', 'died-in-the-future'))
    await aged(join(root, 'releases', 'died-in-the-future'), future)
    await writeFile(
      join(root, '.wheelhouse', 'verified'),
      JSON.stringify({ release: '1.2-lock', predecessor: '1.1-lock', boot: '', process: [1, 1] }),
    )
    expect(await stage(root, 'c-stage')).toMatchObject({ kind: 'exited', code: 0 })
    const left = readdirSync(join(root, 'releases'))
    expect(left).toEqual(expect.arrayContaining(['1.0-lock', '1.1-lock', '1.2-lock', '9.0-lock']))
    expect(left).not.toContain('died-in-the-future')
    expect(left.length).toBeLessThanOrEqual(6)
    expect(readdirSync(join(root, '.wheelhouse', 'runs'))).toEqual(['c-stage'])
  })

  it('is the release, though old ones cannot be removed', async () => {
    const root = join(node.root, 'other')
    for (const version of ['9.0', '8.0', '7.0']) await release(root, version, 1)
    await mkdir(join(root, '.wheelhouse'), { recursive: true })
    await writeFile(join(root, '.wheelhouse', 'verified'), '[]')
    expect(await stage(root, 'b-stage')).toMatchObject({
      kind: 'exited',
      code: 0,
      output: expect.stringContaining('could not be removed'),
    })
    expect(existsSync(join(root, 'releases', '9.0-lock', 'wheelhouse.json'))).toBe(true)
  })
})
