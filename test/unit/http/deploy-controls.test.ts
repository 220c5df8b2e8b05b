import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../src/audit/model.ts'
import { controlsDocument, headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import type { Rollout } from '../../../src/deploy/rollout/model.ts'
import { step } from '../../../src/deploy/rollout/step.ts'
import type { Access } from '../../../src/http/authentication.ts'
import { deployControlRoutes } from '../../../src/http/deploy-controls.ts'
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

const deploy = 'web.production.1'

/** A server with a deploy of `app` that waits; tokens are their scopes. */
async function aServer() {
  const ignore = () => undefined
  const [documents, clock, events] = [documentsOn(new MemoryStore()), new FakeClock(), [] as AuditEvent[]]
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  await documents.create(headDocument, keys.deployHead('web', deploy), head)
  const access: Access = {
    authenticator: {
      identify: async (header) => {
        const scopes: Grant[] = header.slice('Bearer '.length).split(',').filter(isGrant)
        return { token: 't', name: 'somebody', account: 'somebody', scopes }
      },
    },
    anonymousRead: true,
    failedAttempts: new FailedAttempts(clock, { burst: 50, refillSeconds: 2 }),
    clientAddress: () => '127.0.0.1',
  }
  const audit = { record: async (event: AuditEvent) => void events.push(event), settled: async () => undefined }
  const ports = { documents, clock, audit, queue: inProcessQueue(ignore), bus: inProcessBus(ignore) }
  const app = new Koa()
  app.use(answerErrors({ error: ignore }))
  app.use(deployControlRoutes({ ...ports, externalUrl: 'http://index' }, access).routes())
  const handler = app.callback()
  const post = async (path: string, token: string, body: object = {}, accept = 'text/plain') => {
    const asked = request(handler)
      .post(path)
      .set({ Authorization: `Bearer ${token}`, Accept: accept })
    const answer = await asked.send(body)
    return { status: answer.status, text: answer.text }
  }
  /** Somebody carries the deploy, to nodes that are like this, and takes what it is told. */
  async function carried(nodes: Rollout['nodes']): Promise<void> {
    const change = (changed: (rollout: Rollout) => Rollout) =>
      documents.update(headDocument, keys.deployHead('web', deploy), (rollout) => rollout && changed(rollout))
    await change((rollout) => ({ ...rollout, phase: 'rolling', nodes }))
    await ports.bus.subscribe(async ({ topic }) => {
      if (topic !== 'control') return
      const told = (await documents.read(controlsDocument, keys.deployControls('web', deploy)))?.value.controls ?? []
      const now = clock.now()
      const take = (rollout: Rollout) =>
        told.reduce((at, control) => step(at, { kind: 'control', control }, now), rollout)
      ports.bus.publish({ topic: 'deploy', id: deploy, serial: (await change(take))?.serial ?? 0 })
    })
  }
  return { post, events, carried }
}

describe('telling a deploy something by HTTP', () => {
  it('needs the scope deploy for the project', async () => {
    const { post } = await aServer()
    for (const token of ['read', 'promote:app', 'deploy:other,read:app']) {
      expect((await post(`/deploys/${deploy}/pause`, token)).status, token).toBe(403)
    }
    // Nor is such a token told that there is such a deploy.
    expect((await post(`/deploys/${deploy}/pause`, 'deploy:other')).status).toBe(404)
    expect((await post(`/deploys/${deploy}/pause`, 'deploy:app')).status).toBe(200)
  })

  it('answers with the deploy, and is audited with its reason', async () => {
    const { post, events } = await aServer()
    const { text } = await post(`/deploys/${deploy}/pause`, 'deploy', { reason: 'lunch' })
    expect(text).toBe('web.production.1: app 1.0 on web is waiting for its turn.\n')
    expect(events).toMatchObject([
      {
        action: 'deploy-pause',
        project: 'app',
        subject: deploy,
        outcome: 'done',
        reason: 'lunch',
        after: { control: 1 },
      },
    ])
  })

  it('answers programs as is described', async () => {
    const { post } = await aServer()
    const path = `/deploys/${deploy}/pause`
    const { text } = await post(path, 'deploy', {}, 'application/json')
    expect(described('post', path, JSON.parse(text))).toMatchObject({ id: deploy, phase: 'queued', pausedIn: null })
  })

  it('is refused with a sentence where it makes no sense, which is audited too', async () => {
    const { post, events } = await aServer()
    expect(await post(`/deploys/${deploy}/retry`, 'deploy')).toEqual({
      status: 409,
      text: expect.stringContaining('web.production.1 cannot try again: it did not pause after a failure'),
    })
    expect((await post(`/deploys/${deploy}/exclude/web1`, 'deploy')).text).toContain('it does not know its nodes yet')
    expect(events.map(({ outcome }) => outcome)).toEqual(['refused', 'refused'])
  })

  it('leaves out the node that is named, and shows it so, where somebody carries the deploy', async () => {
    const { post, events, carried } = await aServer()
    await carried([
      { name: 'web1', state: 'updated' },
      { name: 'web2', state: 'staged' },
      { name: 'web3', state: 'staged' },
    ])
    const path = `/deploys/${deploy}/exclude/web2`
    const { status, text } = await post(path, 'deploy', { reason: 'its disk dies' }, 'application/json')
    expect([status, described('post', path, JSON.parse(text))]).toMatchObject([
      200,
      {
        without: { excluded: ['web2'] },
        nodes: [{ state: 'updated' }, { name: 'web2', state: 'excluded' }, { name: 'web3' }],
      },
    ])
    expect(events).toMatchObject([
      { action: 'deploy-exclude', outcome: 'done', reason: 'its disk dies', after: { control: 1, node: 'web2' } },
    ])
    expect(await post(path, 'deploy')).toEqual({ status: 409, text: expect.stringContaining('is left out already') })
    expect((await post(`/deploys/${deploy}/exclude/web9`, 'deploy')).status).toBe(409)
  })

  it('is not understood with another body, or of a deploy that there is not', async () => {
    const { post } = await aServer()
    expect((await post(`/deploys/${deploy}/pause`, 'deploy', { why: 'lunch' })).status).toBe(400)
    expect((await post('/deploys/web.production.9/pause', 'deploy')).status).toBe(404)
    expect((await post(`/deploys/${deploy}/explode`, 'deploy')).status).toBe(404)
  })
})
