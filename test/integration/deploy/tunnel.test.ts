import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createConnection, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/clock.ts'
import type { RunOutcome } from '../../../src/deploy/detached-run.ts'
import type { PlannedNode } from '../../../src/deploy/documents.ts'
import type { Installer } from '../../../src/deploy/node/find-uv.ts'
import { resolvedFiles, resolveScript } from '../../../src/deploy/node/resolve.ts'
import { stageScript } from '../../../src/deploy/node/stage.ts'
import { type NodeSessions, nodeSessions } from '../../../src/deploy/node-sessions.ts'
import type { JumpHost } from '../../../src/deploy/remote-host.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { aDefinition } from '../../support/definitions.ts'
import { type HiddenIndexes, startHiddenIndexes } from '../../support/hidden-indexes.ts'
import { type SshNode, startNode } from '../../support/sshd.ts'
import { toolPaths } from '../../support/tools.ts'
import { until } from '../../support/until.ts'
import { aWheel } from '../../support/wheels.ts'

const allow = 'port-forwarding,permitlisten="127.0.0.1:*"'
const app = aWheel({ name: 'app', version: '1.0', requires: ['greeting'] })
const greeting = aWheel({ name: 'greeting', version: '2.0' })

describe('a node that cannot reach the indexes', () => {
  let [hidden, machine]: [HiddenIndexes?, SshNode?] = []
  beforeAll(async () => {
    hidden = await startHiddenIndexes([app, greeting])
    machine = await startNode({ uv: true, allow, env: hidden.trusting })
  })
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]()
    await hidden?.[Symbol.asyncDispose]()
  })

  const there = () => {
    if (hidden === undefined || machine === undefined) throw new Error('not started')
    return { ...hidden, node: machine }
  }

  function planned(at: SshNode, root: string, jump: readonly JumpHost[] = []): PlannedNode {
    const { host: address, port, user, clientKeyPath: key } = at
    return {
      ...{ name: 'web1', address, port, user, key, connectSeconds: 15, jump: [...jump], python: toolPaths().python },
      ...{ root: join(at.root, root), restart: 'true', url: 'http://127.0.0.1/version' },
    }
  }

  function sessions(known: string, fence = 1, clock: Clock = systemClock) {
    const { plain, secure } = there()
    const reports: string[] = []
    const definition = aDefinition({
      ...{ indexes: ['self', `${secure}/simple/`], index_access: 'ssh' },
      rollout: { unreachable_seconds: 2000 },
    })
    const request = {
      ...{
        deploy: 'web.production.1',
        service: 'web',
        project: 'app',
        version: '1.0',
        channel: 'production',
        serial: 1,
      },
      ...{ files: [], by: 'ci', at: '2026-01-01T00:00:00Z', definition },
    }
    const store = new MemoryStore()
    const ports = {
      ...{
        documents: documentsOn(store),
        hosts: ssh2Hosts(async () => parseKnownHosts(known)),
        clock,
        externalUrl: plain,
      },
      credentials: {
        issue: async () => ({ login: 'node', password: 'a-password-of-the-node' }),
        revoke: async () => undefined,
      },
      ...{ storeId: 'store', report: (error: unknown) => void reports.push(String(error)) },
    }
    return { ...nodeSessions(ports, request, fence), reports }
  }

  const never = new AbortController().signal
  const run = (over: NodeSessions, at: PlannedNode, attempt: string, script: string, signal = never) =>
    over.run(at, { attempt, script, limitSeconds: 60 }, signal, { reads: true })
  const textOf = (outcome: RunOutcome) => (outcome.kind === 'refused' ? outcome.message : outcome.output)

  const stageOf = (at: PlannedNode, installer: Installer) => {
    const { plain, secure } = there()
    return stageScript({
      ...{ python: at.python, root: at.root, release: '1.0-lock', keepReleases: 2, stable: undefined, installer },
      requirements:
        `app @ ${plain}/files/${app.filename} --hash=sha256:${app.sha256}\n` +
        `greeting @ ${secure}/files/${greeting.filename} --hash=sha256:${greeting.sha256}\n`,
      ...{ indexes: [], manifest: { project: 'app', version: '1.0', lock: 'lock' } },
    })
  }

  it('resolves and installs through the worker, over http and https, with pip and uv, several at once', async () => {
    const { index, node, plain, secure } = there()
    await using over = sessions(node.knownHostsLine)
    const alone = await over.ask(
      planned(node, 'look'),
      `python3 -c 'import urllib.request as u; u.urlopen("${plain}/simple/")' 2>/dev/null || echo not reached; env | grep -iE '^https?_proxy=' || echo no proxy`,
      20,
      never,
    )
    expect(alone).toEqual({ ok: true, output: 'not reached\nno proxy\n' })
    const at = planned(node, 'resolving')
    const wheels = [{ filename: app.filename, sha256: app.sha256, url: `${plain}/files/${app.filename}` }]
    const wanted = { python: at.python, root: at.root, project: 'app', extras: [], wheels }
    const resolve = resolveScript({ ...wanted, indexes: [`${secure}/simple/`] })
    const [resolved, byUv, byPip] = await Promise.all([
      run(over, at, 'resolve', resolve),
      run(over, planned(node, 'by-uv'), 'stage-uv', stageOf(planned(node, 'by-uv'), 'auto')),
      run(over, planned(node, 'by-pip'), 'stage-pip', stageOf(planned(node, 'by-pip'), 'pip')),
    ])
    expect(resolved, textOf(resolved)).toMatchObject({ kind: 'exited', code: 0 })
    expect(resolvedFiles(textOf(resolved))?.map(({ url }) => url)).toEqual([
      wheels[0]?.url,
      `${secure}/files/${greeting.filename}`,
    ])
    expect([byUv, byPip]).toMatchObject([
      { kind: 'exited', code: 0, output: expect.stringMatching(/Installing with uv \d/) },
      { kind: 'exited', code: 0, output: expect.stringMatching(/Installing with pip \d/) },
    ])
    for (const root of ['by-uv', 'by-pip']) {
      expect(existsSync(join(node.root, root, 'releases', '1.0-lock', 'wheelhouse.json'))).toBe(true)
    }
    expect(index.requests.filter((one) => one.includes(app.filename)).length).toBeGreaterThan(2)
    for (const run of ['resolving/.wheelhouse/runs/resolve', 'by-uv/.wheelhouse/runs/stage-uv']) {
      expect([existsSync(join(node.root, run, 'exit')), existsSync(join(node.root, run, 'proxy'))]).toEqual([
        true,
        false,
      ])
    }
    expect(over.reports).toEqual([])
  }, 60_000)

  it('reaches nothing else that way, is told so, and shows no credential', async () => {
    const { node } = there()
    const at = planned(node, 'curious')
    await using over = sessions(node.knownHostsLine)
    const curious = `env | grep -i _proxy= | sort; python3 - <<'EOF'
import os, urllib.request, urllib.error
for url in ("http://127.0.0.1:${node.port}/", "https://pypi.org/simple/"):
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as error:
        print(error.code, error.reason)
    except urllib.error.URLError as error:
        print(error)
exit(1)
EOF`
    const outcome = await run(over, at, 'curious', curious)
    const text = textOf(outcome)
    expect(text).toContain('403 Not among the indexes\n')
    expect(text).toContain('Tunnel connection failed: 403 Not among the indexes')
    expect(text).toMatch(/^NO_PROXY=\n|\nNO_PROXY=\n/)
    expect(text.match(/http:\/\/wheelhouse:\[secret\]@127\.0\.0\.1:\d+\n/g)).toHaveLength(4)
    const sentence = `127.0.0.1:${node.port} is not among the indexes of the service`
    expect(text).toContain(sentence)
    expect(over.reports).toEqual([
      expect.stringContaining(`An installer on web1 (curious) was refused: ${sentence}`),
      expect.stringContaining('pypi.org:443 is not among the indexes'),
    ])
    const port = Number(/127\.0\.0\.1:(\d+)\n/.exec(text)?.[1])
    const closed = createConnection(port, '127.0.0.1')
    await expect(once(closed, 'connect')).rejects.toThrow('ECONNREFUSED')
  })

  /** Starts to install, and is held up where it asks the index. */
  async function heldUp(over: NodeSessions, at: PlannedNode, installer: Installer, signal = never) {
    const { gate } = there()
    const before = gate.connections()
    gate.hold()
    const running = run(over, at, 'stage', stageOf(at, installer), signal)
    running.catch(() => undefined)
    await until(() => gate.connections() > before)
    return { running }
  }

  it.each(['pip', 'uv'] as const)(
    'installs by %s with the connection cut in the middle',
    async (installer) => {
      const { node, gate } = there()
      await using over = sessions(node.knownHostsLine)
      const { running } = await heldUp(over, planned(node, `cut-${installer}`), installer)
      for (let cut = 0; cut < 3; cut++) await until(() => node.killSessions() > 0)
      gate.release()
      const outcome = await running
      expect(outcome, textOf(outcome)).toMatchObject({ kind: 'exited', code: 0 })
      expect(textOf(outcome).match(/Installing with/g)).toHaveLength(1)
    },
    60_000,
  )

  it('goes on when another worker takes over, which finds the way that the run knows', async () => {
    const { node, gate } = there()
    const at = planned(node, 'taken-over')
    const stop = new AbortController()
    const first = sessions(node.knownHostsLine, 1)
    const { running: left } = await heldUp(first, at, 'pip', stop.signal)
    stop.abort()
    await expect(left).rejects.toMatchObject({ code: 'outcome-unknown' })
    await first[Symbol.asyncDispose]()
    gate.release()
    await using second = sessions(node.knownHostsLine, 2)
    const outcome = await run(second, at, 'stage', 'echo never')
    expect(outcome, textOf(outcome)).toMatchObject({ kind: 'exited', code: 0 })
    expect(textOf(outcome)).toContain('Installing with pip')
  }, 60_000)

  it('is told why the run was ended where somebody else has its port meanwhile', async () => {
    const { node, gate } = there()
    const at = planned(node, 'port-taken')
    const sleep: Clock['sleep'] = (milliseconds, signal) => systemClock.sleep(milliseconds / 50, signal)
    const quick: Clock = { now: Date.now, monotonic: () => performance.now() * 50, sleep }
    await using over = sessions(node.knownHostsLine, 1, quick)
    const { running } = await heldUp(over, at, 'pip')
    const kept = readFileSync(join(at.root, '.wheelhouse/runs/stage/proxy'), 'utf8')
    const port = Number(/:(\d+)\n$/.exec(kept)?.[1])
    const thief = createTcpServer((socket) => socket.destroy())
    thief.on('error', () => undefined)
    node.killSessions()
    await until(() => {
      if (!thief.listening) thief.listen(port, '127.0.0.1')
      return thief.listening
    })
    const outcome = await running
    gate.release()
    thief.close()
    expect(outcome).toMatchObject({ kind: 'exited', code: expect.not.stringMatching('^0$') })
    expect(textOf(outcome)).toMatch(
      /The connection to web1 was lost, .* does not give port \d+ again: .* So the run was ended\. Promote again\.\n$/,
    )
    expect(existsSync(join(at.root, 'releases', '1.0-lock', 'wheelhouse.json'))).toBe(false)
  }, 60_000)

  it('reaches the indexes from behind a jump host', async () => {
    await using bastion = await startNode({ allow: 'port-forwarding' })
    const clientKey = { privateKeyPath: bastion.clientKeyPath, publicKey: bastion.clientPublicKey }
    await using behind = await startNode({
      uv: true,
      allow,
      clientKey,
      env: there().trusting,
    })
    const jump = [{ address: bastion.host, port: bastion.port, user: bastion.user }]
    await using over = sessions(`${bastion.knownHostsLine}\n${behind.knownHostsLine}`)
    const at = planned(behind, 'behind', jump)
    const outcome = await run(over, at, 'stage', stageOf(at, 'uv'))
    expect(outcome, textOf(outcome)).toMatchObject({ kind: 'exited', code: 0 })
  }, 60_000)

  it('is told what to allow where sshd forwards nothing, and nothing is started', async () => {
    await using closed = await startNode()
    await using over = sessions(closed.knownHostsLine)
    const at = planned(closed, 'closed')
    const sentence = expect.stringContaining('restrict,port-forwarding,permitlisten="127.0.0.1:*"')
    expect(await over.forwardingProblem(at, never)).toEqual(sentence)
    await expect(run(over, at, 'stage', 'true')).rejects.toMatchObject({
      code: 'forwarding-refused',
      message: sentence,
    })
    expect(existsSync(join(at.root, '.wheelhouse/runs/stage'))).toBe(false)
    await using open = sessions(there().node.knownHostsLine)
    expect(await open.forwardingProblem(planned(there().node, 'open'), never)).toBeUndefined()
  })
})
