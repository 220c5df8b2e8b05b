import Koa from 'koa'
import request from 'supertest'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import type { Phase } from '../../../src/deploy/rollout/model.ts'
import { newServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import { answerPromotion } from '../../../src/http/promote.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'

const deploy = 'web.production.1'

/** What a promotion is answered whose deploy has ended so, and which its service has as the running one, or not any more. */
async function answered(phase: Phase, running: string | undefined): Promise<number> {
  const documents = documentsOn(new MemoryStore())
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  await documents.create(headDocument, keys.deployHead('web', deploy), { ...head, phase })
  await documents.create(serviceDocument, keys.service('web'), { ...newServiceState(), ...(running && { running }) })
  const ports = { documents, bus: inProcessBus(() => undefined), clock: systemClock, externalUrl: 'http://index' }
  const pointer = { serial: 1, version: '1.0', files: [], at: '2026-01-01T00:00:00Z', by: 'ci', attempt: 'a' }
  const promoted = { project: 'app', channel: 'production', changed: true, current: true, pointer, deploys: [deploy] }
  const app = new Koa().use((context) => answerPromotion(context, ports, 0, promoted))
  return (await request(app.callback()).post('/')).status
}

it('is told that a promotion is done only where the service says so too, and that it is not done in any case', async () => {
  expect(await answered('succeeded', undefined)).toBe(200)
  expect(await answered('succeeded', 'web.production.2')).toBe(200)
  expect(await answered('succeeded', deploy)).toBe(202)
  expect(await answered('rolled_back', deploy)).toBe(424)
})
