import { writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HostTarget } from '../../src/deploy/remote-host.ts'
import { BoundedStarts } from '../../src/deploy/ssh/bounded-starts.ts'
import { parseKnownHosts } from '../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../src/deploy/ssh/ssh2-hosts.ts'
import { freePort } from '../support/free-port.ts'
import { localHosts } from '../support/local-hosts.ts'
import { runOk } from '../support/run.ts'
import { generateSshKey } from '../support/ssh-keys.ts'
import { type SshNode, startNode } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { remoteHostContract } from './remote-host.ts'

function targetOf(node: SshNode, changes: Partial<HostTarget> = {}): HostTarget {
  const { host: address, port, user, clientKeyPath: keyPath } = node
  return { name: 'web1', address, port, user, keyPath, connectSeconds: 15, ...changes }
}

remoteHostContract('this machine, without SSH', async () => ({
  hosts: localHosts(),
  target: { name: 'here', address: '', port: 0, user: userInfo().username, keyPath: '', connectSeconds: 1 },
  [Symbol.asyncDispose]: async () => undefined,
}))

remoteHostContract('ssh2 and OpenSSH', async () => {
  const node = await startNode({ allow: 'port-forwarding,permitlisten="127.0.0.1:*"' })
  return {
    hosts: ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)),
    target: targetOf(node),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
})

describe('connecting over SSH', () => {
  it('refuses a host whose key is not known, before logging in, and shows the fingerprint', async () => {
    await using node = await startNode()
    const connecting = ssh2Hosts(async () => parseKnownHosts('')).connect(targetOf(node))
    await expect(connecting).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringMatching(/host key of web1 .* is not known. It shows the key SHA256:[A-Za-z0-9+/]{43}\./),
    })
    expect(node.logs()).not.toContain('Accepted publickey')
  })

  it('refuses a host whose key has changed', async () => {
    await using node = await startNode()
    await using folder = await temporaryFolder('keys')
    const other = await generateSshKey(folder.path)
    const known = `[${node.host}]:${node.port} ${other.publicKey}`
    await expect(ssh2Hosts(async () => parseKnownHosts(known)).connect(targetOf(node))).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining('has changed'),
    })
  })

  it('says that a key is not let in, that nobody listens, and that a key cannot be read', async () => {
    await using node = await startNode()
    await using folder = await temporaryFolder('keys')
    const stranger = await generateSshKey(folder.path)
    const hosts = ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine))
    await expect(hosts.connect(targetOf(node, { keyPath: stranger.privateKeyPath }))).rejects.toMatchObject({
      code: 'host-authentication',
      message: expect.stringContaining(`does not let ${node.user} log in`),
    })
    await expect(hosts.connect(targetOf(node, { port: await freePort() }))).rejects.toMatchObject({
      code: 'host-unreachable',
    })
    await expect(hosts.connect(targetOf(node, { keyPath: '/nowhere' }))).rejects.toMatchObject({
      code: 'host-authentication',
    })
    const locked = join(folder.path, 'locked')
    await runOk(['ssh-keygen', '-q', '-t', 'ed25519', '-N', 'secret', '-f', locked])
    for (const [keyPath, why] of [
      [
        locked,
        'without a passphrase; one that has one can be used through an SSH agent (ssh.agent in place of ssh.key)',
      ],
      [`${locked}.pub`, 'it is the public half'],
    ] as const) {
      await expect(hosts.connect(targetOf(node, { keyPath }))).rejects.toMatchObject({
        code: 'host-authentication',
        message: expect.stringContaining(why),
      })
    }
  })

  it('does not know the outcome of a script whose connection was cut', async () => {
    await using node = await startNode()
    await using host = await ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)).connect(targetOf(node))
    let begun = () => {}
    const started = new Promise<void>((resolve) => {
      begun = resolve
    })
    const running = host.run('echo begun; sleep 30', { onOutput: () => begun() })
    running.catch(() => undefined)
    await started
    expect(node.killSessions()).toBeGreaterThan(0)
    await expect(running).rejects.toMatchObject({ code: 'outcome-unknown' })
    await expect(host.run('echo again')).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('keeps what login scripts print out of the output', async () => {
    await using node = await startNode()
    await writeFile(join(node.home, '.bashrc'), 'echo noise; echo more noise >&2\n')
    await using host = await ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)).connect(targetOf(node))
    expect(await host.run('echo mine')).toEqual({ code: 0, stdout: 'mine\n', stderr: '' })
  })
})

describe('a port there for the worker', () => {
  it('is refused with what is to be allowed, and the connection goes on', async () => {
    await using node = await startNode()
    await using host = await ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)).connect(targetOf(node))
    await expect(host.listen(0, () => undefined)).rejects.toMatchObject({
      code: 'forwarding-refused',
      message: expect.stringMatching(
        /^web1 .* restrict,port-forwarding,permitlisten="127\.0\.0\.1:\*" .* AllowTcpForwarding has to be yes or remote\.$/,
      ),
    })
    expect((await host.run('echo still here')).stdout).toBe('still here\n')
  })

  it('ends with the connection, and cannot be had from one that is lost', async () => {
    await using node = await startNode({ allow: 'port-forwarding' })
    await using host = await ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)).connect(targetOf(node))
    let closed = 0
    await using port = await host.listen(0, (connection) => void connection.resume().once('close', () => (closed += 1)))
    const client = createConnection(port.port, '127.0.0.1').on('error', () => undefined)
    await until(() => client.readyState === 'open')
    await until(() => node.killSessions() > 0)
    await until(() => closed === 1)
    await expect(host.listen(0, () => undefined)).rejects.toMatchObject({ code: 'outcome-unknown' })
  })
})

describe('connecting through a jump host', () => {
  async function twoHosts(allow = 'port-forwarding') {
    const bastion = await startNode({ allow })
    const clientKey = { privateKeyPath: bastion.clientKeyPath, publicKey: bastion.clientPublicKey }
    const node = await startNode({ clientKey })
    const jump = [{ address: bastion.host, port: bastion.port, user: bastion.user }]
    const known = `${bastion.knownHostsLine}\n${node.knownHostsLine}\n`
    return {
      ...{ bastion, node, known, target: targetOf(node, { jump }) },
      async [Symbol.asyncDispose]() {
        await node[Symbol.asyncDispose]()
        await bastion[Symbol.asyncDispose]()
      },
    }
  }
  const logins = (node: SshNode) => node.logs().match(/Accepted publickey/g)?.length ?? 0

  it('runs scripts on the host behind it, over one connection to it for all of them, which ends with the last', async () => {
    await using here = await twoHosts()
    const hosts = ssh2Hosts(async () => parseKnownHosts(here.known))
    const targets = [1, 2, 3].map((n) => ({ ...here.target, name: `web${n}` }))
    const connected = await Promise.all(targets.map((target) => hosts.connect(target)))
    const outputs = await Promise.all(connected.map((host) => host.run('echo $HOME; cat', { input: 'told' })))
    expect(outputs.map(({ stdout }) => stdout)).toEqual(targets.map(() => `${here.node.home}\ntold`))
    expect([logins(here.bastion), logins(here.node)]).toEqual([1, 3])
    for (const host of connected) await host[Symbol.asyncDispose]()
    await until(() => here.bastion.killSessions() === 0)
    await using again = await hosts.connect(here.target)
    expect((await again.run('echo again')).stdout).toBe('again\n')
  })

  it('does not know the outcome of what ran when the jump host went away, and comes back with it', async () => {
    await using here = await twoHosts()
    const hosts = ssh2Hosts(async () => parseKnownHosts(here.known))
    await using host = await hosts.connect(here.target)
    const running = host.run('sleep 30')
    await until(() => here.bastion.killSessions() > 0)
    await expect(running).rejects.toMatchObject({
      code: 'outcome-unknown',
      message: expect.stringContaining(`the connection to the jump host 127.0.0.1:${here.bastion.port} was lost`),
    })
    await using again = await hosts.connect(here.target)
    expect((await again.run('echo again')).stdout).toBe('again\n')
  })

  it('names the jump host where that is the one that cannot be reached, or does not let the key in', async () => {
    await using here = await twoHosts()
    const [jump] = here.target.jump ?? []
    const through = (changes: object) =>
      ssh2Hosts(async () => parseKnownHosts(here.known)).connect({
        ...here.target,
        jump: [{ address: '', port: 0, user: '', ...jump, ...changes }],
      })
    await expect(through({ user: 'nobody' })).rejects.toMatchObject({
      code: 'host-authentication',
      message: expect.stringMatching(/^The jump host \S+ does not let nobody log in .* restrict,port-forwarding/),
    })
    await here.bastion.stop()
    await expect(through({})).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringMatching(/^The jump host 127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/),
    })
  })

  it('goes on for the others where the one who began to connect to the jump host gives up', async () => {
    await using here = await twoHosts()
    const hosts = ssh2Hosts(async () => parseKnownHosts(here.known))
    const stop = new AbortController()
    const first = hosts.connect(here.target, { signal: stop.signal })
    const second = hosts.connect({ ...here.target, name: 'web2' })
    stop.abort()
    await expect(first).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('given up'),
    })
    await using host = await second
    expect((await host.run('echo reached')).stdout).toBe('reached\n')
    expect(logins(here.bastion)).toBe(1)
  })

  it('verifies each hop: an unknown jump host is not logged in to, nor is a changed host behind a known one', async () => {
    await using here = await twoHosts()
    const connecting = ssh2Hosts(async () => parseKnownHosts(here.node.knownHostsLine)).connect(here.target)
    await expect(connecting).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('wheelhouse hosts trust 127.0.0.1'),
    })
    expect(logins(here.bastion)).toBe(0)
    const wrong = `[${here.node.host}]:${here.node.port} ${here.bastion.hostPublicKey}`
    const changed = ssh2Hosts(async () => parseKnownHosts(`${here.bastion.knownHostsLine}\n${wrong}`)).connect(
      here.target,
    )
    await expect(changed).rejects.toMatchObject({ code: 'host-key-changed' })
    expect([logins(here.bastion), logins(here.node)]).toEqual([1, 0])
  })

  it('says what is missing where the jump host leads nowhere', async () => {
    await using here = await twoHosts('')
    await expect(ssh2Hosts(async () => parseKnownHosts(here.known)).connect(here.target)).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringMatching(/^The jump host 127\.0\.0\.1:\d+ does not lead to web1 .*port-forwarding/),
    })
  })
})

describe('many that want to start at once', () => {
  it('take turns, in order, also where one fails', async () => {
    const starts = new BoundedStarts(2)
    let [running, most] = [0, 0]
    const ended: number[] = []
    const task = (n: number) => async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      if (n === 2) throw new Error('refused')
      ended.push(n)
    }
    await Promise.allSettled([1, 2, 3, 4, 5].map((n) => starts.run(task(n))))
    expect([most, ended]).toEqual([2, [1, 3, 4, 5]])
  })
})
