import { expect, it } from 'vitest'
import { startConverging } from '../../../src/deploy/convergence/converge.ts'
import { observationDocument } from '../../../src/deploy/convergence/observation.ts'
import { listedNodes } from '../../../src/deploy/fleet.ts'
import type { ServiceDefinition } from '../../../src/deploy/service-definition.ts'
import { newServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { DomainError } from '../../../src/errors.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A worker that looks at services of one node each, named as they are. Those whose name begins with `away` answer nobody, ever. */
async function looksAt(names: readonly string[]) {
  const [documents, clock] = [documentsOn(new MemoryStore()), new FakeClock()]
  const stable = { version: '1.0.0', deploy: 'x.production.1' }
  for (const name of names) {
    await documents.create(serviceDocument, keys.service(name), { ...newServiceState(), stable, desired: stable })
  }
  const asked: string[] = []
  const report = (error: unknown) => {
    throw error
  }
  const ports = {
    ...{ documents, clock, report, externalUrl: 'http://index', storeId: 'store', holder: 'w' },
    ...{ queue: inProcessQueue(report), bus: inProcessBus(report), log: { info: report, error: report } },
    credentials: { issue: () => Promise.reject(new Error('unused')), revoke: async () => undefined },
    discovery: { nodes: async ({ fleet }: Pick<ServiceDefinition, 'fleet'>) => listedNodes(fleet) },
    hosts: {
      async connect(
        { name }: { readonly name: string },
        { signal }: { readonly signal?: AbortSignal | undefined } = {},
      ) {
        asked.push(name)
        if (name.startsWith('away')) await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        throw new DomainError('host-authentication', `${name} lets nobody in.`)
      },
    },
    services: Object.fromEntries(names.map((name) => [name, aDefinition({ fleet: { nodes: [name] } })])),
  }
  const seen = async (name: string) => (await documents.read(observationDocument, keys.observation(name)))?.value
  const looks = (name: string) => asked.filter((one) => one === name).length
  return { clock, asked, seen, looks, worker: startConverging(ports, 20) }
}

it('looks at the other services again and again while the nodes of one do not answer, and at that one once', async () => {
  const { clock, seen, looks, worker } = await looksAt(['away', 'web'])
  await using _worker = worker
  await clock.passUntil(() => looks('web') === 3, 3_600)
  expect(await seen('web')).toMatchObject({ nodes: [{ name: 'web', problem: 'web lets nobody in.' }] })
  expect(looks('away')).toBe(1)
  expect((await seen('away'))?.at).toBeUndefined()
})

it('looks at eight services at once, and at no further one when the worker stops', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `away${n}`)
  const { clock, asked, worker } = await looksAt(names)
  await clock.passUntil(() => asked.length === 8)
  await worker[Symbol.asyncDispose]()
  expect(asked).toEqual(names.slice(0, 8))
})
