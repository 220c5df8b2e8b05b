import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import type { Rollout } from '../../../src/deploy/rollout/model.ts'
import { deployNotice } from '../../../src/notify/deploy-notice.ts'
import { webhooks } from '../../../src/notify/webhook.ts'
import { freePort } from '../../support/free-port.ts'

const now = Date.parse('2026-11-25T20:00:00Z')
const notice = { id: 'n1', receiver: 'chat', service: 'web', body: '{"a":1}', tries: 1, nextAt: 0 }
const signal = new AbortController().signal

async function aReceiver(status: number, headers: Record<string, string> = {}) {
  const got: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = []
  const server = createServer(async (request, response) => {
    got.push({ headers: request.headers, body: await text(request) })
    response.writeHead(status, headers).end('thanks')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    got,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/secret-path`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a webhook', () => {
  it('is a POST of JSON whose signature the receiver can check', async () => {
    await using receiver = await aReceiver(204)
    const key = Buffer.from('twenty-four-bytes-of-key')
    const secret = { reveal: () => `whsec_${key.toString('base64')}` }
    const outcome = await webhooks([{ name: 'chat', url: receiver.url, secret }]).deliver(notice, now, signal)
    expect(outcome).toBe('delivered')
    const { headers, body } = receiver.got[0] ?? { headers: {}, body: '' }
    expect(body).toBe('{"a":1}')
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'n1' })
    const signed = `n1.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-timestamp']).toBe(String(now / 1000))
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
  })

  it('has no signature without a secret', async () => {
    await using receiver = await aReceiver(200)
    expect(await webhooks([{ name: 'chat', url: receiver.url }]).deliver(notice, now, signal)).toBe('delivered')
    expect(receiver.got[0]?.headers['webhook-signature']).toBeUndefined()
  })

  it.each([
    [500, {}, { problem: 'it answered 500' }],
    [302, { location: 'http://127.0.0.1:9/' }, { problem: 'it answered 302' }],
    [410, {}, 'gone'],
  ] as const)(
    'that is answered with %i is not delivered, and follows nobody elsewhere',
    async (status, headers, outcome) => {
      await using receiver = await aReceiver(status, headers)
      expect(await webhooks([{ name: 'chat', url: receiver.url }]).deliver(notice, now, signal)).toEqual(outcome)
    },
  )

  it('to nobody who answers is told without its URL, which may be a secret', async () => {
    const gone = webhooks([{ name: 'chat', url: `http://127.0.0.1:${await freePort()}/hooks/secret-path` }])
    expect(await gone.deliver(notice, now, signal)).toEqual({ problem: 'no connection (ECONNREFUSED)' })
    expect(await webhooks([]).deliver(notice, now, signal)).toMatchObject({
      problem: expect.stringContaining('no longer'),
    })
  })
})

describe('what is told of a deploy', () => {
  const rollout = (change: Partial<Rollout>): Rollout => ({
    ...newRollout({ deploy: 'web.production.7', service: 'web', project: 'app', version: '1.4.2' }, 0),
    ...change,
  })

  it('is how it ended, for people and for programs', () => {
    const nodes = [{ name: 'web1', state: 'restored', problem: 'nothing answers' }] as const
    const told = deployNotice(
      rollout({ phase: 'rolled_back', reason: 'web1: nothing answers', nodes, decided: 9 }),
      'https://i',
      now,
    )
    expect(told).toMatchObject({ id: 'web.production.7.rolled_back.9', service: 'web' })
    expect(JSON.parse(told?.body ?? '')).toEqual({
      type: 'deploy.rolled_back',
      timestamp: '2026-11-25T20:00:00.000Z',
      text: 'web.production.7: app 1.4.2 on web failed and was rolled back. web1: nothing answers https://i/deploys/web.production.7',
      data: {
        ...{ id: 'web.production.7', url: 'https://i/deploys/web.production.7', service: 'web', project: 'app' },
        ...{ version: '1.4.2', phase: 'rolled_back', reason: 'web1: nothing answers', nodes },
      },
    })
  })

  it('stays small for a fleet of a thousand, and nothing is told of what is under way', () => {
    const nodes = Array.from({ length: 1_000 }, (_, n) => ({
      name: `node-${n}.example.com`,
      state: 'lost' as const,
      problem: 'x'.repeat(900),
    }))
    const told = deployNotice(rollout({ phase: 'rollback_failed', reason: 'y'.repeat(9_000), nodes }), 'https://i', now)
    expect(told?.body.length).toBeLessThan(20_000)
    expect(deployNotice(rollout({ phase: 'staging' }), 'https://i', now)).toBeUndefined()
  })
})
