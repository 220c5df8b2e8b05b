import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { openGate } from '../../support/gate.ts'
import { startNode } from '../../support/sshd.ts'
import { until } from '../../support/until.ts'

/** It takes every connection, and says nothing. */
async function silentNode() {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken: () => sockets.length,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

it('names the jump host where it falls silent, and the node where that is silent behind one that answers', async () => {
  await using bastion = await startNode({ allow: 'port-forwarding' })
  await using gate = await openGate(bastion.port)
  await using silent = await silentNode()
  const [address, port, user] = [bastion.host, Number(new URL(gate.url).port), bastion.user]
  const hosts = ssh2Hosts(async () => parseKnownHosts(`[127.0.0.1]:* ${bastion.hostPublicKey}`))
  // What lies behind the jump host is the same sshd once more.
  const node = { name: 'web1', address, port: bastion.port, user, keyPath: bastion.clientKeyPath, connectSeconds: 15 }
  const behind = { ...node, jump: [{ address, port, user }] }
  const silentOne = { ...behind, name: 'web2', port: silent.port }
  const host = await hosts.connect(behind)
  await expect(hosts.connect({ ...silentOne, connectSeconds: 1 })).rejects.toMatchObject({
    message: expect.stringMatching(/^web2 \(.*\) cannot be reached: it did not answer in 1 s/),
  })
  const begun = hosts.connect({ ...silentOne, connectSeconds: 3 })
  await until(() => silent.taken() === 2)
  gate.deafen(0)
  const ended = await Promise.allSettled([begun, hosts.connect({ ...behind, connectSeconds: 1 })])
  const sentence = `The jump host 127.0.0.1:${port} cannot be reached: it does not answer any more`
  const refused = { code: 'host-unreachable', message: expect.stringContaining(sentence) }
  expect(ended).toMatchObject([{ reason: refused }, { reason: refused }])
  await gate.close()
  await host[Symbol.asyncDispose]()
})
