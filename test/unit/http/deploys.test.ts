import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { newServiceState, serviceDocument } from '../../../src/deploy/service-state.ts'
import type { Access } from '../../../src/http/authentication.ts'
import { deployRoutes } from '../../../src/http/deploys.ts'
import { answerErrors } from '../../../src/http/error-response.ts'
import { FailedAttempts } from '../../../src/http/failed-attempts.ts'
import { type Grant, isGrant } from '../../../src/identity/scopes.ts'
import { type Documents, documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { aDefinition } from '../../support/definitions.ts'
import { described } from '../../support/described-answer.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A server with two services of two projects, whose tokens are their scopes. Anybody may read its index. */
async function aServer(prepare: (documents: Documents) => Promise<void> = async () => undefined) {
  const documents = documentsOn(new MemoryStore())
  await prepare(documents)
  for (const [service, project] of [
    ['web', 'app'],
    ['pay', 'acme-pay'],
  ] as const) {
    const deploy = `${service}.production.1`
    const head = newRollout({ deploy, service, project, version: '1.0' }, 0)
    await documents.create(headDocument, keys.deployHead(service, deploy), head)
    const output = keys.deployOutput(service, deploy, 'n1', `${deploy}.3-stage`)
    await documents.store.write(output, Buffer.from(`pip says ${project}`), 'absent')
  }
  const access: Access = {
    authenticator: {
      identify: async (header) => {
        const scopes: Grant[] = header.slice('Bearer '.length).split(',').filter(isGrant)
        return { token: 't', name: 'somebody', account: 'somebody', scopes }
      },
    },
    anonymousRead: true,
    failedAttempts: new FailedAttempts(new FakeClock(), { burst: 50, refillSeconds: 2 }),
    clientAddress: () => '127.0.0.1',
  }
  const services = { web: aDefinition(), pay: aDefinition({ project: 'acme-pay' }) }
  const app = new Koa()
  app.use(answerErrors({ error: () => undefined }))
  const ports = { documents, bus: inProcessBus(() => undefined), clock: systemClock }
  app.use(deployRoutes(ports, services, 'http://index', access).routes())
  const handler = app.callback()
  return async (path: string, token?: string, accept = '*/*') => {
    const asked = request(handler).get(path).set('Accept', accept)
    const { status, text } = await (token === undefined ? asked : asked.set('Authorization', `Bearer ${token}`))
    return { status, text }
  }
}

describe('services and deploys', () => {
  it('are shown to a token for the projects that it may read, and no others', async () => {
    const get = await aServer()
    const services = await get('/services', 'read:app')
    expect(services.text).toContain('web  app on production')
    expect(services.text).not.toContain('pay')
    for (const path of ['/services/web', '/deploys/web.production.1', '/deploys/web.production.1/output']) {
      expect((await get(path, 'read:app')).status, path).toBe(200)
    }
    for (const path of ['/services/pay', '/deploys/pay.production.1', '/deploys/pay.production.1/output']) {
      const { status, text } = await get(path, 'read:app')
      expect([status, text], path).toEqual([404, expect.stringMatching(/^There is no (service|deploy) "pay/)])
      expect(text).not.toContain('acme')
    }
  })

  it('are not named to who may not read them where something is not there', async () => {
    const get = await aServer()
    const { status, text } = await get('/services/nothing', 'read:app')
    expect([status, text]).toEqual([404, expect.stringContaining('Configured are: web (')])
    expect((await get('/services/toString', 'read')).status).toBe(404)
  })

  it('are shown where the document of one cannot be read, and that one says so', async () => {
    const get = await aServer(async ({ store }) => {
      await store.write(keys.service('pay'), Buffer.from('{"not": "ours"}'), 'absent')
    })
    const { status, text } = await get('/services', 'read')
    expect([status, text]).toEqual([200, expect.stringMatching(/^web .*\npay {2}The service .* cannot be read: /)])
    expect(await get('/services/web', 'read')).toMatchObject({ status: 200 })
    expect(await get('/services/pay', 'read')).toMatchObject({ status: 500 })
  })

  it('are told to programs as is described, with one whose document cannot be read', async () => {
    const get = await aServer(async ({ store }) => {
      await store.write(keys.service('pay'), Buffer.from('{"not": "ours"}'), 'absent')
    })
    for (const path of ['/services', '/services/web', '/deploys/web.production.1']) {
      const { status, text } = await get(path, 'read', 'application/json')
      expect([status, described('get', path, JSON.parse(text))], path).toEqual([200, expect.anything()])
    }
  })

  it('forget what a service ran of another project, whose versions mean nothing for this one', async () => {
    const get = await aServer(async (documents) => {
      const ended = { deploy: 'web.production.1', version: '7.0', project: 'older' }
      const recent = [{ ...ended, phase: 'succeeded', at: '2026-11-25T00:00:00Z' } as const]
      const state = { ...newServiceState(), desired: ended, stable: ended, recent }
      await documents.create(serviceDocument, keys.service('web'), state)
    })
    for (const path of ['/services', '/services/web']) {
      expect((await get(path, 'read:app')).text, path).toBe('web  app on production  desired -, stable -\n')
    }
  })

  it('are shown whole to a token that reads everything', async () => {
    const get = await aServer()
    expect((await get('/services', 'read')).text).toMatch(/web .*\npay /)
    expect((await get('/deploys/pay.production.1/output', 'read')).text).toBe('== n1: 3-stage\npip says acme-pay')
  })

  it.each(['/services', '/services/web', '/deploys/web.production.1', '/deploys/web.production.1/output'])(
    'need a token though anybody may read the index: %s',
    async (path) => {
      expect((await (await aServer())(path)).status).toBe(401)
    },
  )
})
