import { expect, it } from 'vitest'
import type { PlannedNode } from '../../../src/deploy/documents.ts'
import { nodeSessions } from '../../../src/deploy/node-sessions.ts'
import type { ConnectOptions, RemoteHost, RemoteHosts, RunResult } from '../../../src/deploy/remote-host.ts'
import { serviceSchema } from '../../../src/deploy/service-definition.ts'
import { DomainError } from '../../../src/errors.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const lost = () => new DomainError('outcome-unknown', 'the connection was closed')
const exited: RunResult = { code: 0, stdout: '', stderr: 'wheelhouse-run exited 0\n' }
const fine: RunResult = { code: 0, stdout: 'fine', stderr: '' }
const node: PlannedNode = {
  ...{ name: 'web1', address: 'web1', port: 22, user: 'deploy', key: '/nowhere', connectSeconds: 5 },
  ...{ python: 'python3', root: '/srv/app', restart: 'true', url: 'http://127.0.0.1/version' },
}

type Connecting = (host: RemoteHost, options: ConnectOptions, clock: FakeClock) => Promise<RemoteHost>

/** Sessions of a deploy whose nodes may be away for so long, with a host that does so at its nth script. */
function sessions(
  unreachableSeconds: number,
  run: (n: number, clock: FakeClock) => Promise<RunResult>,
  connect: Connecting = async (host) => host,
) {
  const [clock, store] = [new FakeClock(), new MemoryStore()]
  const problems: unknown[] = []
  let scripts = 0
  const listen = () => Promise.reject(new Error('nobody listens here'))
  const host = { run: () => run(++scripts, clock), listen, [Symbol.asyncDispose]: async () => undefined }
  const hosts: RemoteHosts = { connect: (_, options = {}) => connect(host, options, clock) }
  const definition = serviceSchema.parse({
    project: 'app',
    subscribe: { promote: 'production' },
    fleet: { nodes: ['web1'] },
    ssh: { user: 'deploy', key: '/nowhere', port: 22, connect_seconds: 5 },
    root: '/srv/app',
    restart: { systemd: 'app' },
    verify: { url: 'http://127.0.0.1/version' },
    rollout: { unreachable_seconds: unreachableSeconds },
  })
  const request = {
    ...{ deploy: 'web.production.1', service: 'web', project: 'app', version: '1.1', channel: 'production', serial: 1 },
    ...{ files: [], by: 'ci', at: '2026-01-01T00:00:00Z', definition },
  }
  const credentials = {
    issue: async () => ({ login: 'node', password: 'a-password-of-the-node' }),
    revoke: async () => undefined,
  }
  const report = (error: unknown) => void problems.push(error)
  const documents = documentsOn(store)
  const ports = { documents, hosts, credentials, clock, externalUrl: 'http://127.0.0.1', storeId: 'store', report }
  return { ...nodeSessions(ports, request, 1), clock, store, problems }
}

/** What a promise comes to, while time passes. */
async function passing<T>(clock: FakeClock, promise: Promise<T>, seconds = 7_200): Promise<T | DomainError> {
  let end: { readonly value: T | DomainError } | undefined
  promise.then(
    (value) => (end = { value }),
    (error) => (end = { value: error }),
  )
  await clock.passUntil(() => end !== undefined, seconds)
  if (end === undefined) throw new Error('It never ended.')
  return end.value
}

it('asks again when a connection is lost after longer than a node may be out of reach', async () => {
  const { ask, clock } = sessions(20, async (n, clock) => {
    await clock.sleep(60_000)
    if (n < 4) throw lost()
    return fine
  })
  const asked = ask(node, 'look', 90, new AbortController().signal)
  expect(await passing(clock, asked)).toEqual({ ok: true, output: 'fine' })
})

it.each([
  ['takes every connection and loses it at once', 0],
  ['runs a script that hangs for all of its time', 90_000],
])('gives up on a node that %s', async (_name, milliseconds) => {
  const { ask, clock } = sessions(120, async (_, clock) => {
    await clock.sleep(milliseconds)
    throw lost()
  })
  expect(await passing(clock, ask(node, 'look', 90, new AbortController().signal))).toBeInstanceOf(DomainError)
})

const installing = { attempt: 'web.production.1.5-stage', script: 'true', limitSeconds: 600 }

it('follows a run again that was silent for longer than a node may be out of reach when its connection was lost', async () => {
  const { run, clock } = sessions(20, async (n, clock) => {
    await clock.sleep(300_000)
    if (n < 3) throw lost()
    return exited
  })
  const ran = run(node, installing, new AbortController().signal)
  expect(await passing(clock, ran)).toMatchObject({ kind: 'exited', code: 0 })
})

it('gives up on a node that lets one in and loses whatever is run there at once', async () => {
  const { run, clock } = sessions(120, async () => {
    throw lost()
  })
  expect(await passing(clock, run(node, installing, new AbortController().signal))).toBeInstanceOf(DomainError)
})

/** Others are served first for an hour, and then nobody answers for so many seconds, so many times. */
function afterOthers(seconds: number, times: number): Connecting {
  let tried = 0
  return async (host, { waited }, clock) => {
    await clock.sleep(3_600_000)
    waited?.(3_600_000)
    await clock.sleep(seconds * 1000)
    tried += 1
    if (tried <= times) throw new DomainError('host-unreachable', `not reached ${tried} times`)
    return host
  }
}

it('does not count the time in which others were served first, neither where it asks nor where it runs something', async () => {
  const { ask, clock } = sessions(20, async () => fine, afterOthers(5, 3))
  expect(await passing(clock, ask(node, 'look', 90, new AbortController().signal), 20_000)).toMatchObject({ ok: true })
  const running = sessions(20, async () => exited, afterOthers(5, 3))
  const what = { attempt: 'web.production.1.5-stage', script: 'true', limitSeconds: 10 }
  const ran = running.run(node, what, new AbortController().signal)
  expect(await passing(running.clock, ran, 20_000)).toMatchObject({ kind: 'exited', code: 0 })
})

it('counts the time in which the node itself did not answer, whoever was served before', async () => {
  const { ask, clock } = sessions(20, async () => fine, afterOthers(15, 3))
  const asked = await passing(clock, ask(node, 'look', 90, new AbortController().signal), 20_000)
  expect(asked).toMatchObject({ message: 'not reached 2 times' })
})

it('reports what a run printed where that cannot be kept, and goes on', async () => {
  const { run, store, problems } = sessions(20, async () => exited)
  const full = new Error('no space left on the device')
  store.write = () => Promise.reject(full)
  const what = { attempt: 'web.production.1.5-stage', script: 'true', limitSeconds: 10 }
  expect(await run(node, what, new AbortController().signal)).toMatchObject({ kind: 'exited', code: 0 })
  expect(problems).toEqual([full])
})

it('waits for a store that is away, so that what a run printed is kept', async () => {
  const { run, store, problems } = sessions(20, async () => exited)
  store.write = () => Promise.reject(new DomainError('storage-unavailable', 'The store does not answer.'))
  const what = { attempt: 'web.production.1.5-stage', script: 'true', limitSeconds: 10 }
  await expect(run(node, what, new AbortController().signal)).rejects.toThrow('The store does not answer.')
  expect(problems).toEqual([])
})
