import { copyFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { HostTarget } from '../../../src/deploy/remote-host.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { runOk } from '../../support/run.ts'
import { startSshAgent } from '../../support/ssh-agent.ts'
import { generateSshKey } from '../../support/ssh-keys.ts'
import { startNode } from '../../support/sshd.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('logging in with a key that an SSH agent holds', () => {
  async function nodeAndAgent() {
    const [node, agent, folder] = [await startNode(), await startSshAgent(), await temporaryFolder('keys')]
    const { host: address, port, user } = node
    const target: HostTarget = { name: 'web1', address, port, user, agent: agent.socket, connectSeconds: 15 }
    const hosts = (ownAgent?: string) => ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine), { ownAgent })
    const connect = (changes: Partial<HostTarget> = {}, ownAgent?: string) =>
      hosts(ownAgent).connect({ ...target, ...changes })
    return {
      ...{ node, agent, target, connect, stranger: (name?: string) => generateSshKey(folder.path, name) },
      refused: (message: RegExp) => ({ code: 'host-authentication', message: expect.stringMatching(message) }),
      async [Symbol.asyncDispose]() {
        for (const one of [node, agent, folder]) await one[Symbol.asyncDispose]()
      },
    }
  }

  it('works where it is named, and where it is the one of our own environment; also among others, and with a passphrase', async () => {
    await using here = await nodeAndAgent()
    await here.agent.add((await here.stranger()).privateKeyPath)
    const locked = await here.stranger('locked')
    await copyFile(here.node.clientKeyPath, locked.privateKeyPath)
    await runOk(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'secret', '-f', locked.privateKeyPath])
    await here.agent.add(locked.privateKeyPath, { passphrase: 'secret' })
    for (const connecting of [here.connect(), here.connect({ agent: true }, here.agent.socket)]) {
      await using host = await connecting
      expect((await host.run('echo reached')).stdout).toBe('reached\n')
    }
  })

  it('is refused with what to do: no agent, no key in it, none that the node lets in', async () => {
    await using here = await nodeAndAgent()
    const { connect, refused, agent, stranger } = here
    await expect(connect({ agent: true })).rejects.toMatchObject(
      refused(/^Whoever logs in to web1 has no SSH agent: SSH_AUTH/),
    )
    await expect(connect({ agent: '/nowhere' })).rejects.toMatchObject(
      refused(/^The SSH agent at \/nowhere cannot be asked for a key for web1: .* Is it running, and may the user/),
    )
    await expect(connect()).rejects.toMatchObject(
      refused(/^The SSH agent at \S+ holds no key .* web1\. .* ssh-add PATH$/),
    )
    await agent.add((await stranger()).privateKeyPath)
    await expect(connect()).rejects.toMatchObject(
      refused(
        /^web1 \(.*\) does not let \S+ log in with the key of the SSH agent at \S+ \(SHA256:\S+\)\. Add its public half/,
      ),
    )
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g']) await agent.add((await stranger(name)).privateKeyPath)
    await expect(connect()).rejects.toMatchObject(
      refused(/ with any of the 7 keys of the SSH agent at \S+ \((SHA256:\S+, ){3}…\)\. Add the public half of one /),
    )
  })

  it('is refused where the agent does not sign', async () => {
    await using here = await nodeAndAgent()
    await here.agent.add(here.node.clientKeyPath, { options: ['-c'] })
    await expect(here.connect()).rejects.toMatchObject(
      here.refused(
        /^Nobody could log in to web1 \(.*\) with the key of the SSH agent .* Is it locked, or does it ask somebody/,
      ),
    )
  })

  it('works for a jump host, and for what is behind it', async () => {
    await using here = await nodeAndAgent()
    const clientKey = { privateKeyPath: here.node.clientKeyPath, publicKey: here.node.clientPublicKey }
    await using bastion = await startNode({ clientKey, allow: 'port-forwarding' })
    await here.agent.add(here.node.clientKeyPath)
    const jump = [{ address: bastion.host, port: bastion.port, user: bastion.user }]
    const known = parseKnownHosts(`${bastion.knownHostsLine}\n${here.node.knownHostsLine}`)
    const target = { ...here.target, jump }
    await using host = await ssh2Hosts(async () => known).connect(target)
    expect((await host.run('echo reached')).stdout).toBe('reached\n')
    expect(bastion.logs()).toContain('Accepted publickey')
  })
})
