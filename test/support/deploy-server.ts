import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { systemClock } from '../../src/clock.ts'
import { headDocument } from '../../src/deploy/documents.ts'
import { newRollout } from '../../src/deploy/rollout/begin.ts'
import type { Rollout } from '../../src/deploy/rollout/model.ts'
import { deployRoutes } from '../../src/http/deploys.ts'
import { answerErrors } from '../../src/http/error-response.ts'
import { documentsOn } from '../../src/objects/documents.ts'
import { keys } from '../../src/objects/keys.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import { inProcessBus } from '../../src/queue/in-process-bus.ts'
import { aDefinition } from './definitions.ts'
import { scopedAccess } from './scoped-access.ts'
import { until } from './until.ts'

export const deploy = 'web.production.1'

/** A server that listens, with a deploy of `app` that goes on as a test says; tokens are their scopes. */
export async function deployServer() {
  const documents = documentsOn(new MemoryStore())
  const bus = inProcessBus(() => undefined)
  const head = keys.deployHead('web', deploy)
  await documents.create(headDocument, head, newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0))
  const app = new Koa()
  app.silent = true
  app.use(answerErrors({ error: () => undefined }))
  const ports = { documents, bus, clock: systemClock }
  app.use(deployRoutes(ports, { web: aDefinition() }, 'http://index', scopedAccess()).routes())
  const asked: IncomingMessage[] = []
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  server.on('request', (request) => asked.push(request))
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    asked,
    /** Once so many requests came. */
    whenAsked: (times: number) => until(() => asked.length >= times, 20, `request ${times}`),
    async become(change: Partial<Rollout>) {
      const written = await documents.update(headDocument, head, (rollout) => rollout && { ...rollout, ...change })
      bus.publish({ topic: 'deploy', id: deploy, serial: written?.serial ?? 0 })
    },
    /** As a proxy does that has had enough: in the middle of whatever is said. */
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
