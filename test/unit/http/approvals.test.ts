import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../src/audit/model.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { approvalRoutes } from '../../../src/http/approvals.ts'
import type { Access } from '../../../src/http/authentication.ts'
import { answerErrors } from '../../../src/http/error-response.ts'
import { FailedAttempts } from '../../../src/http/failed-attempts.ts'
import { type Grant, isGrant } from '../../../src/identity/scopes.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { described } from '../../support/described-answer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { registryOn } from '../../support/registry.ts'

const deploy = 'web.production.1'

/** A server with a deploy of `app` that waits for two approvals; tokens are a name and scopes, `ada:approve,read`. */
async function aServer() {
  const ignore = () => undefined
  const store = new MemoryStore()
  const [documents, clock, events] = [documentsOn(store), new FakeClock(), [] as AuditEvent[]]
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  const approvals = { needed: 2, expireHours: 72 }
  const gated = { ...head, phase: 'gated' as const, approvals, approveBy: clock.now() + 1_000_000 }
  await documents.create(headDocument, keys.deployHead('web', deploy), gated)
  const access: Access = {
    authenticator: {
      identify: async (header) => {
        const [name = '', ...scopes] = header.slice('Bearer '.length).split('/')
        return { token: 't', name, account: name, scopes: scopes.filter(isGrant) as Grant[] }
      },
    },
    anonymousRead: true,
    failedAttempts: new FailedAttempts(clock, { burst: 50, refillSeconds: 2 }),
    clientAddress: () => '127.0.0.1',
  }
  const audit = { record: async (event: AuditEvent) => void events.push(event), settled: async () => undefined }
  const ports = {
    ...{ documents, clock, audit, queue: inProcessQueue(ignore), bus: inProcessBus(ignore) },
    ...{ projects: registryOn(store).projects, tokens: { list: async () => [] }, externalUrl: 'http://index' },
  }
  const app = new Koa()
  app.use(answerErrors({ error: ignore }))
  app.use(approvalRoutes(ports, access).routes())
  const handler = app.callback()
  return {
    events,
    async approve(token: string, body: object = {}, accept = 'text/plain') {
      const headers = { Authorization: `Bearer ${token}`, Accept: accept }
      const asked = request(handler).post(`/deploys/${deploy}/approve`).set(headers)
      // Nobody carries it here: the answer comes when the patience with that is over, or at once when it is not kept.
      const answering = asked.send(body).then(({ status, text }) => ({ status, text }))
      let answered = false
      answering.finally(() => {
        answered = true
      })
      await clock.passUntil(async () => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return answered
      })
      return await answering
    },
  }
}

describe('approving a deploy by HTTP', () => {
  it('needs the scope approve for the project', async () => {
    const { approve } = await aServer()
    for (const token of ['ada/read', 'ada/promote/deploy/read', 'ada/approve:other/read:app']) {
      expect((await approve(token)).status, token).toBe(403)
    }
    // Nor is such a token told that there is such a deploy.
    expect((await approve('ada/approve:other')).status).toBe(404)
    expect((await approve('ada/approve:app')).status).toBe(200)
  })

  it('answers with who approved and who is missing, and is audited with the scope that let it', async () => {
    const { approve, events } = await aServer()
    const { text } = await approve('ada/approve:a*', { reason: 'read the diff' })
    expect(text).toContain(`${deploy} is approved by "ada": it has 1 of 2 approvals.\n`)
    expect(text).toMatch(/waits for approval \(1 of 2: ada\)\.\n {2}Approved by ada on \S+ \S+ UTC: read the diff\n/)
    expect(text).toMatch(
      /1 more approval is needed, until [\d: -]+ UTC: wheelhouse approve web\.production\.1, or POST/,
    )
    expect((await approve('ada/approve')).text).toContain('had approved web.production.1 before, and counts once')
    expect((await approve('root/admin')).text).toContain('it has 2 of 2 approvals')
    expect(events).toMatchObject([
      {
        ...{ action: 'deploy-approve', subject: deploy, outcome: 'done', reason: 'read the diff' },
        after: { account: 'ada', scope: 'approve:a*', approvals: 1, needed: 2 },
      },
      { outcome: 'unchanged', after: { account: 'ada', scope: 'approve', approvals: 1 } },
      { outcome: 'done', after: { account: 'root', scope: 'admin', approvals: 2 } },
    ])
  })

  it('answers programs as is described', async () => {
    const { approve } = await aServer()
    const { text } = await approve('ada/approve', { reason: 'read the diff' }, 'application/json')
    const given = [{ by: 'ada', reason: 'read the diff' }]
    expect(described('post', `/deploys/${deploy}/approve`, JSON.parse(text))).toMatchObject({
      message: expect.stringContaining('it has 1 of 2 approvals'),
      approvals: { needed: 2, given, askedAnew: null },
    })
  })
})
