import { expect, it } from 'vitest'
import type { PlannedNode } from '../../../src/deploy/documents.ts'
import { nodeSessions } from '../../../src/deploy/node-sessions.ts'
import type { RemoteHosts, RunResult } from '../../../src/deploy/remote-host.ts'
import { serviceSchema } from '../../../src/deploy/service-definition.ts'
import { DomainError } from '../../../src/errors.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const lost = () => new DomainError('outcome-unknown', 'the connection was closed')
const fine: RunResult = { code: 0, stdout: 'fine', stderr: '' }
const node: PlannedNode = {
  ...{ name: 'web1', address: 'web1', port: 22, user: 'deploy', key: '/nowhere', connectSeconds: 5 },
  ...{ python: 'python3', root: '/srv/app', restart: 'true', url: 'http://127.0.0.1/version' },
}

/** Sessions of a deploy whose nodes may be away for so long, with a host that does so at its nth script. */
function sessions(unreachableSeconds: number, run: (n: number, clock: FakeClock) => Promise<RunResult>) {
  const [clock, store] = [new FakeClock(), new MemoryStore()]
  let scripts = 0
  const host = { run: () => run(++scripts, clock), [Symbol.asyncDispose]: async () => undefined }
  const hosts: RemoteHosts = { connect: async () => host }
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
  const credentials = { issue: async () => ({ login: 'node', password: 'none' }), revoke: async () => undefined }
  const documents = documentsOn(store)
  const ports = { documents, hosts, credentials, clock, externalUrl: 'http://127.0.0.1' }
  return { ...nodeSessions(ports, request, 1), clock, store }
}

/** What a promise comes to, while time passes. */
async function passing<T>(clock: FakeClock, promise: Promise<T>): Promise<T | DomainError> {
  let end: { readonly value: T | DomainError } | undefined
  promise.then(
    (value) => (end = { value }),
    (error) => (end = { value: error }),
  )
  await clock.passUntil(() => end !== undefined, 7_200)
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
