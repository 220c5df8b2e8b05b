import { spawn } from 'node:child_process'
import { once, setMaxListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { type Connection, Server } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { runDetached } from '../../../src/deploy/detached-run.ts'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import type { HostTarget } from '../../../src/deploy/remote-host.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { generateSshKey } from '../../support/ssh-keys.ts'
import { type SshNode, startNode } from '../../support/sshd.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts'
import { toolPaths } from '../../support/tools.ts'
import { until } from '../../support/until.ts'

/** Its backlog is full: the kernel answers no further SYN, as a firewall that drops packets. */
const deafListener = `
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
port = server.getsockname()[1]
full = [socket.socket() for _ in range(2)]
for one in full:
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", port))
print(port, flush=True)
time.sleep(60)
`

describe('a node whose network or sshd is at fault', () => {
  let node: SshNode
  let keys: TemporaryFolder
  beforeAll(async () => {
    node = await startNode({ maxSessions: 10 })
    keys = await temporaryFolder('keys')
  })
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]()
    await keys?.[Symbol.asyncDispose]()
  })

  function targetAt(port: number, connectSeconds: number): HostTarget {
    const { host: address, user, clientKeyPath: keyPath } = node
    return { name: 'web1', address, port, user, keyPath, connectSeconds }
  }
  /** By the node's key, whatever way leads there. */
  const hosts = ssh2Hosts(async () => parseKnownHosts(`[127.0.0.1]:* ${node.hostPublicKey}`))

  /** A way to the node over which nothing comes back for so long. */
  async function slowWay(milliseconds: number) {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      const inner = createConnection(node.port, '127.0.0.1')
      sockets.push(socket, inner)
      for (const one of [socket, inner]) one.on('error', () => undefined)
      socket.pipe(inner)
      setTimeout(() => inner.pipe(socket), milliseconds)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    }
  }

  it('is out of reach where it accepts connections and says nothing, once the time is up', async () => {
    await using way = await slowWay(600_000)
    await expect(hosts.connect(targetAt(way.port, 1))).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('it did not answer in 1 s'),
    })
  })

  it('is out of reach where nobody answers at all, as behind a firewall', async () => {
    const child = spawn(toolPaths().python, ['-c', deafListener], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    await expect(hosts.connect(targetAt(Number(`${line}`), 1))).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('it did not answer in 1 s'),
    })
    child.kill('SIGKILL')
  })

  it('is waited for where its sshd takes its time to say who it is', async () => {
    await using way = await slowWay(1_500)
    await using host = await hosts.connect(targetAt(way.port, 15))
    expect((await host.run('echo late')).stdout).toBe('late\n')
  })

  it('runs more scripts at once than sshd allows sessions on a connection: they take turns', async () => {
    await using host = await hosts.connect(targetAt(node.port, 15))
    const numbers = Array.from({ length: 12 }, (_, n) => n)
    const results = await Promise.all(numbers.map((n) => host.run(`sleep 0.2; echo ${n}`)))
    expect(results.map(({ stdout }) => stdout)).toEqual(numbers.map((n) => `${n}\n`))
  })

  it('runs nothing of a script that was given up before its turn came', async () => {
    await using host = await hosts.connect(targetAt(node.port, 15))
    const given = host.run('echo never', { signal: AbortSignal.abort() })
    await expect(given).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('is spoken to first where something before it waits for that, to tell what comes', async () => {
    const server = createServer((socket) => {
      socket.once('data', (words) => {
        const inner = createConnection(node.port, '127.0.0.1').on('error', () => undefined)
        inner.write(words)
        inner.pipe(socket.on('error', () => undefined)).pipe(inner)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const host = await hosts.connect(targetAt((server.address() as AddressInfo).port, 15))
    expect((await host.run('echo told')).stdout).toBe('told\n')
    await host[Symbol.asyncDispose]()
    server.close()
  })

  /** Machines at addresses of this one that take every connection, say so much, and then nothing more. */
  async function silentHosts(count: number, greeting: string) {
    const sockets = new Set<Socket>()
    let taken = 0
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined))
      socket.once('close', () => sockets.delete(socket)).resume()
      taken += 1
      socket.write(greeting)
    })
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return {
      targets: Array.from({ length: count }, (_, n): HostTarget => {
        return { ...targetAt(port, 3), name: `silent${n}`, address: `127.0.1.${n + 1}`, fleet: 'silent' }
      }),
      open: () => sockets.size,
      taken: () => taken,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    }
  }

  it.each([
    ['say nothing', ''],
    ['greet and then say nothing', 'SSH-2.0-tarpit\r\n'],
  ])('is reached while fifty of another fleet, and of its own, %s', async (_name, greeting) => {
    await using silent = await silentHosts(50, greeting)
    const stop = new AbortController()
    setMaxListeners(0, stop.signal)
    const hopeless = silent.targets.map((target) =>
      hosts.connect({ ...target, connectSeconds: 30 }, { signal: stop.signal }).catch(() => undefined),
    )
    await until(() => silent.open() === 50)
    for (const fleet of ['other', 'silent']) {
      await using host = await hosts.connect({ ...targetAt(node.port, 15), fleet })
      expect((await host.run('echo reached')).stdout).toBe('reached\n')
    }
    stop.abort()
    await Promise.all(hopeless)
  })

  it('is not asked by more at once than its sshd lets wait, and those who wait are told for how long', async () => {
    await using silent = await silentHosts(1, '')
    const [target = targetAt(0, 1)] = silent.targets
    const waits: number[] = []
    const all = Array.from({ length: 8 }, () =>
      hosts.connect({ ...target, connectSeconds: 0.3 }, { waited: (milliseconds) => waits.push(milliseconds) }),
    )
    const takenBeforeAnyEnded = await Promise.race(all.map((one) => one.catch(() => silent.taken())))
    expect(takenBeforeAnyEnded).toBe(4)
    await Promise.allSettled(all)
    expect(silent.taken()).toBe(8)
    expect(waits.filter((milliseconds) => milliseconds >= 200)).toHaveLength(4)
  })

  it('turns connections away that are too many for its sshd (MaxStartups): they come again until all are in', async () => {
    await using narrow = await startNode({ maxStartups: '2:100:2' })
    const { host: address, port, user, clientKeyPath: keyPath, knownHostsLine } = narrow
    const known = async () => parseKnownHosts(knownHostsLine)
    // As many workers as keep no count of each other's.
    const connections = Array.from({ length: 12 }, (_, n) => {
      return new HostConnection(ssh2Hosts(known), { name: `web${n}`, address, port, user, keyPath, connectSeconds: 15 })
    })
    const outcomes = await Promise.all(
      connections.map((connection, n) => {
        const run = { root: narrow.root, attempt: `a-${n}`, owner: 'store/web', fence: 1, script: `echo ${n}` }
        const limits = { clock: systemClock, patienceSeconds: 60 }
        return runDetached(connection, { ...run, limitSeconds: 60 }, limits)
      }),
    )
    expect(outcomes).toEqual(connections.map((_, n) => ({ kind: 'exited', code: 0, output: `${n}\n` })))
    expect(narrow.logs()).toMatch(/past MaxStartups/)
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()))
  })

  it('leaves the outcome of a script unknown where the channel is closed without an exit status', async () => {
    const key = await generateSshKey(keys.path, 'server')
    const server = new Server({ hostKeys: [await readFile(key.privateKeyPath)] }, (client: Connection) => {
      client.on('error', () => undefined)
      client.on('authentication', (login) => login.accept())
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec) => acceptExec().end('half of it'))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const strange = ssh2Hosts(async () => parseKnownHosts(`[127.0.0.1]:* ${key.publicKey}`))
    const host = await strange.connect(targetAt((server.address() as AddressInfo).port, 15))
    await expect(host.run('true')).rejects.toMatchObject({
      code: 'outcome-unknown',
      message: expect.stringContaining('closed without an exit status'),
    })
    await host[Symbol.asyncDispose]()
    server.close()
  })
})
