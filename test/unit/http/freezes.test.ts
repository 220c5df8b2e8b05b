import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../src/audit/model.ts'
import type { Access } from '../../../src/http/authentication.ts'
import { deployRoutes } from '../../../src/http/deploys.ts'
import { answerErrors } from '../../../src/http/error-response.ts'
import { FailedAttempts } from '../../../src/http/failed-attempts.ts'
import { freezeRoutes } from '../../../src/http/freezes.ts'
import { type Grant, isGrant } from '../../../src/identity/scopes.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { aDefinition } from '../../support/definitions.ts'
import { described } from '../../support/described-answer.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A server with a service of `app` that its configuration freezes each weekend; tokens are their scopes. */
function aServer() {
  const ignore = () => undefined
  const [documents, clock, events] = [documentsOn(new MemoryStore()), new FakeClock(), [] as AuditEvent[]]
  const access: Access = {
    authenticator: {
      identify: async (header) => {
        const scopes: Grant[] = header.slice('Bearer '.length).split(',').filter(isGrant)
        return { token: 't', name: 'kim', account: 'kim', scopes }
      },
    },
    anonymousRead: true,
    failedAttempts: new FailedAttempts(clock, { burst: 50, refillSeconds: 2 }),
    clientAddress: () => '127.0.0.1',
  }
  const services = { web: aDefinition({ freezes: [{ from: 'fri 16:00', to: 'mon 08:00' }] }) }
  const audit = { record: async (event: AuditEvent) => void events.push(event), settled: async () => undefined }
  const ports = { documents, clock, audit, services, queue: inProcessQueue(ignore), bus: inProcessBus(ignore) }
  const app = new Koa()
  app.use(answerErrors({ error: ignore }))
  app.use(freezeRoutes(ports, access).routes())
  app.use(deployRoutes(ports, services, 'http://index', access).routes())
  const handler = app.callback()
  return {
    events,
    async ask(method: 'get' | 'post' | 'delete', path: string, token: string, body?: object) {
      const asked = request(handler)
        [method](path)
        .set('Authorization', `Bearer ${token}`)
        .set('Accept', 'application/json')
      const { status, text } = await (body === undefined ? asked : asked.send(body))
      const json = JSON.parse(text)
      if (status < 400) described(method, path, json)
      return { status, json }
    },
    text: async (path: string) =>
      (await request(handler).get(path).set('Authorization', 'Bearer read').set('Accept', 'text/plain')).text,
  }
}

const freezes = '/services/web/freezes'
const untilTomorrow = { until: '1970-01-02T00:00', reason: 'audit' }

describe('freezes by HTTP', () => {
  it('take the scope deploy for the project, and are shown to whoever may read it', async () => {
    const { ask } = aServer()
    for (const token of ['read', 'promote:app', 'deploy:other,read:app']) {
      expect((await ask('post', freezes, token, untilTomorrow)).status, token).toBe(403)
    }
    // Nor is such a token told that there is such a service.
    expect((await ask('post', freezes, 'deploy:other', untilTomorrow)).status).toBe(404)
    const { status, json } = await ask('post', freezes, 'deploy:app', untilTomorrow)
    expect([status, json.freeze.reason]).toEqual([201, 'audit'])
    expect((await ask('get', freezes, 'read:app')).json.freezes).toHaveLength(2)
    expect((await ask('delete', `${freezes}/${json.freeze.id}`, 'read:app')).status).toBe(403)
    expect((await ask('delete', `${freezes}/${json.freeze.id}`, 'deploy:app')).status).toBe(200)
  })

  it('want a reason and a time, and say what they do not understand', async () => {
    const { ask } = aServer()
    for (const body of [{ until: '1970-01-02T00:00' }, { reason: 'audit' }, { ...untilTomorrow, why: 'so' }]) {
      expect((await ask('post', freezes, 'deploy', body)).status, JSON.stringify(body)).toBe(400)
    }
    const { json } = await ask('post', freezes, 'deploy', { ...untilTomorrow, until: 'tomorrow' })
    expect(json.message).toContain('"tomorrow" is no time of a freeze')
    expect((await ask('delete', `${freezes}/x`, 'deploy')).status).toBe(404)
  })

  it('are shown with their service, each with where it comes from, and audited', async () => {
    const { ask, text, events } = aServer()
    const { id } = (await ask('post', freezes, 'deploy', untilTomorrow)).json.freeze
    const { frozen, freezes: shown } = (await ask('get', '/services/web', 'read')).json
    expect([frozen, shown.map((one: { source: string }) => one.source)]).toEqual([
      ...['frozen until 1970-01-02 00:00 UTC (audit)', ['configuration', 'api']],
    ])
    expect(await text('/services')).toContain('\n  web is frozen until 1970-01-02 00:00 UTC (audit)\n')
    expect(await text('/services/web')).toMatch(
      new RegExp(
        `  freeze configured  fri 16:00 to mon 08:00 UTC\\n  freeze ${id}  .* to 1970-01-02T00:00 UTC: audit \\("kim"\\)`,
      ),
    )
    await ask('delete', `${freezes}/${id}?reason=done`, 'deploy')
    expect((await ask('get', '/services/web', 'read')).json).toMatchObject({ frozen: null, freezes: [{ id: null }] })
    expect(events).toMatchObject([
      { action: 'freeze', subject: 'web', outcome: 'done', reason: 'audit', after: { freeze: { id } } },
      { action: 'thaw', subject: 'web', outcome: 'done', reason: 'done', before: { freeze: { id, by: 'kim' } } },
    ])
  })
})
