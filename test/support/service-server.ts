import Koa from 'koa'
import request from 'supertest'
import type { AuditEvent } from '../../src/audit/model.ts'
import { channelsDocument } from '../../src/channels/model.ts'
import { serviceDocument } from '../../src/deploy/service-state.ts'
import { answerErrors } from '../../src/http/error-response.ts'
import { promoteRoutes } from '../../src/http/promote.ts'
import { serviceActionRoutes } from '../../src/http/service-actions.ts'
import { keys } from '../../src/objects/keys.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import { inProcessBus } from '../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../src/queue/in-process-queue.ts'
import { aDefinition } from './definitions.ts'
import { FakeClock } from './fake-clock.ts'
import { registryOn } from './registry.ts'
import { scopedAccess } from './scoped-access.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { aWheel } from './wheels.ts'

export interface Sent {
  readonly token: string
  readonly body?: object
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A server with releases 1.0, 1.1 and 1.2 of app, and the service web that subscribes to it; tokens are their scopes. */
export async function serviceServer() {
  const ignore = () => undefined
  const registry = registryOn(new MemoryStore())
  const folder = await temporaryFolder('services')
  for (const version of ['1.0', '1.1', '1.2']) {
    await registry.publish(aWheel({ name: 'app', version }), folder.path, { name: 'app', version })
  }
  const { documents, projects } = registry
  const events: AuditEvent[] = []
  const audit = { record: async (event: AuditEvent) => void events.push(event), settled: async () => undefined }
  const ports = {
    ...{ documents, projects, channels: ['production'], channelOrder: {}, clock: new FakeClock(), audit },
    ...{ queue: inProcessQueue(ignore), bus: inProcessBus(ignore), services: { web: aDefinition() } },
    ...{ externalUrl: 'http://index', dryRun: () => Promise.reject(new Error('nobody looks')) },
  }
  const app = new Koa()
  app.use(answerErrors({ error: ignore }))
  for (const routes of [promoteRoutes, serviceActionRoutes]) app.use(routes(ports, scopedAccess()).routes())
  const handler = app.callback()
  return {
    events,
    async post(path: string, { token, body = {}, accept = 'text/plain', headers = {} }: Sent) {
      const asked = request(handler)
        .post(path)
        .set({ Authorization: `Bearer ${token}`, Accept: accept, ...headers })
      const { status, text } = await asked.send(body)
      return { status, text }
    },
    state: async () => (await documents.read(serviceDocument, keys.service('web')))?.value,
    history: async () => (await documents.read(channelsDocument, keys.channels('app')))?.value['production'] ?? [],
    /** As after deploys that went well, in this order. */
    async ran(...versions: readonly string[]) {
      const recent = versions.map((version) => ({ deploy: version, version, phase: 'succeeded' as const, at: '' }))
      await documents.update(serviceDocument, keys.service('web'), (state) => {
        return state && { ...state, recent: recent.reverse() }
      })
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
