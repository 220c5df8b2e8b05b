import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HostTarget } from '../../src/deploy/remote-host.ts'
import { ssh2Hosts } from '../../src/deploy/ssh/ssh2-hosts.ts'
import { freePort } from '../support/free-port.ts'
import { localHosts } from '../support/local-hosts.ts'
import { generateSshKey } from '../support/ssh-keys.ts'
import { type SshNode, startNode } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
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
  const node = await startNode()
  return {
    hosts: ssh2Hosts(async () => node.knownHostsLine),
    target: targetOf(node),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
})

describe('connecting over SSH', () => {
  it('refuses a host whose key is not known, before logging in, and shows the fingerprint', async () => {
    await using node = await startNode()
    const connecting = ssh2Hosts(async () => '').connect(targetOf(node))
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
    await expect(ssh2Hosts(async () => known).connect(targetOf(node))).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining('has changed'),
    })
  })

  it('says that a key is not let in, that nobody listens, and that a key cannot be read', async () => {
    await using node = await startNode()
    await using folder = await temporaryFolder('keys')
    const stranger = await generateSshKey(folder.path)
    const hosts = ssh2Hosts(async () => node.knownHostsLine)
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
  })

  it('does not know the outcome of a script whose connection was cut', async () => {
    await using node = await startNode()
    await using host = await ssh2Hosts(async () => node.knownHostsLine).connect(targetOf(node))
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
    await using host = await ssh2Hosts(async () => node.knownHostsLine).connect(targetOf(node))
    expect(await host.run('echo mine')).toEqual({ code: 0, stdout: 'mine\n', stderr: '' })
  })
})
