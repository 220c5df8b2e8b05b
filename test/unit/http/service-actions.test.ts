import { describe, expect, it } from 'vitest'
import { described } from '../../support/described-answer.ts'
import { serviceServer } from '../../support/service-server.ts'

const orders = [
  ['hold', 'deploy', {}],
  ['release', 'deploy', {}],
  ['rollback', 'promote', {}],
  ['pin', 'promote', { version: '1.1' }],
  ['relock', 'promote', {}],
] as const

/** 1.0 and 1.1 ran well, and 1.2 was promoted. */
async function aServer() {
  const server = await serviceServer()
  for (const version of ['1.0', '1.1', '1.2']) await server.post(`/promote/app/${version}`, { token: 'promote' })
  await server.ran('1.0', '1.1')
  server.events.length = 0
  return server
}

describe('telling a service something by HTTP', () => {
  it.each(orders)('needs for %s the scope %s for its project', async (order, scope, body) => {
    await using server = await aServer()
    const path = `/services/web/${order}`
    const other = scope === 'deploy' ? 'promote' : 'deploy'
    for (const token of ['read', `${other}:app,read:app`, `${scope}:other,read:app`]) {
      const { status, text } = await server.post(path, { token, body })
      expect([status, text], token).toEqual([403, expect.stringContaining(`needs ${scope}`)])
    }
    // Nor is such a token told that there is such a service.
    const hidden = await server.post(path, { token: `${scope}:other`, body })
    expect([hidden.status, hidden.text]).toEqual([404, expect.stringContaining('There is no service "web"')])
    expect((await server.post(`/services/toString/${order}`, { token: scope, body })).status).toBe(404)
    expect([server.events, (await server.history()).length]).toEqual([[], 3])
    expect((await server.post(path, { token: `${scope}:app`, body })).status).toBeLessThan(300)
    expect(server.events).toMatchObject([{ action: order, project: 'app', subject: 'web' }])
  })

  it.each(orders)('is not understood with another body: %s', async (order, scope, body) => {
    await using server = await aServer()
    const { status } = await server.post(`/services/web/${order}`, { token: scope, body: { ...body, why: 'lunch' } })
    expect([status, server.events]).toEqual([400, []])
  })

  it.each(orders)('is answered to programs as is described: %s', async (order, scope, body) => {
    await using server = await aServer()
    const path = `/services/web/${order}`
    const { text } = await server.post(path, { token: scope, body, accept: 'application/json' })
    expect(described('post', path, JSON.parse(text))).toBeDefined()
  })

  it('holds it, so that promotions are refused, and releases it; both are audited with who and why', async () => {
    await using server = await aServer()
    const held = await server.post('/services/web/hold', { token: 'ada/deploy', body: { reason: 'the database' } })
    expect(held.text).toMatch(
      /^web is held by "ada" since .* \(the database\)\. Promotions to it are refused until POST /,
    )
    expect((await server.post('/promote/app/1.1', { token: 'promote' })).status).toBe(409)
    const released = await server.post('/services/web/release', { token: 'kim/deploy' })
    expect(released.text).toBe('web takes promotions again.\n')
    expect((await server.post('/services/web/release', { token: 'kim/deploy' })).text).toContain('nothing changed')
    expect((await server.post('/promote/app/1.1', { token: 'promote' })).status).toBe(202)
    expect(server.events).toMatchObject([
      { action: 'hold', actor: { name: 'ada' }, outcome: 'done', reason: 'the database', before: { hold: null } },
      { action: 'promote', outcome: 'refused' },
      { action: 'release', actor: { name: 'kim' }, outcome: 'done', before: { hold: { by: 'ada' } } },
      { action: 'release', outcome: 'unchanged' },
      { action: 'promote', outcome: 'done' },
    ])
  })

  it('rolls it back to what ran well before and holds it, or not, as is said; audited', async () => {
    await using server = await aServer()
    const { status, text } = await server.post('/services/web/rollback', { token: 'promote', body: { reason: 'slow' } })
    expect([status, text]).toEqual([
      202,
      expect.stringContaining('production of app is now 1.1 (before: 1.2). web is held'),
    ])
    expect((await server.state())?.hold).toMatchObject({ by: 'somebody', reason: 'slow' })
    const open = await server.post('/services/web/rollback', { token: 'promote', body: { hold: false } })
    expect(open.text).toMatch(/^production of app is now 1\.0 \(before: 1\.1\)\.\n/)
    expect(server.events).toMatchObject([
      {
        action: 'rollback',
        outcome: 'done',
        reason: 'slow',
        after: { channel: 'production', version: '1.1', held: true },
      },
      { action: 'rollback', outcome: 'done', after: { version: '1.0', held: false } },
    ])
    await server.ran()
    const none = await server.post('/services/web/rollback', { token: 'promote' })
    expect([none.status, none.text]).toEqual([409, expect.stringContaining('There is no earlier release of app')])
    expect(server.events.at(-1)).toMatchObject({ action: 'rollback', outcome: 'refused' })
  })

  it('pins it to a release, so that nothing else is promoted to it; audited', async () => {
    await using server = await aServer()
    const { text } = await server.post('/services/web/pin', {
      token: 'promote',
      body: { version: '1.1', reason: 'fair' },
    })
    expect(text).toContain('production of app is now 1.1 (before: 1.2). web is pinned: promotions wait for POST')
    expect((await server.post('/promote/app/1.2', { token: 'promote' })).status).toBe(409)
    expect((await server.post('/services/web/pin', { token: 'promote', body: { version: '9' } })).status).toBe(404)
    expect(server.events).toMatchObject([
      { action: 'pin', version: '1.1', outcome: 'done', reason: 'fair', after: { version: '1.1', held: true } },
      { action: 'promote', outcome: 'refused' },
      { action: 'pin', version: '9', outcome: 'refused' },
    ])
  })

  it('looks for its dependencies anew, by a deploy of the same release; audited', async () => {
    await using server = await aServer()
    const { status, text } = await server.post('/services/web/relock', { token: 'promote', body: { reason: 'CVE' } })
    expect([status, text]).toEqual([
      202,
      expect.stringContaining(
        'production of app is now 1.2, once more. The dependencies of app 1.2 are looked for anew.',
      ),
    ])
    expect(server.events).toMatchObject([
      { action: 'relock', version: '1.2', outcome: 'done', reason: 'CVE', after: { relock: true } },
    ])
    await using fresh = await serviceServer()
    expect((await fresh.post('/services/web/relock', { token: 'promote' })).status).toBe(404)
  })
})

describe('an Idempotency-Key', () => {
  const path = '/promote/app/1.0?wait=0'
  const deployIn = (text: string) => /web\.production\.\d+/.exec(text)?.[0]
  const sent = (token: string, key = 'build-7') => ({ token, headers: { 'Idempotency-Key': key } })

  it('makes of a promotion that is sent twice one, and the second answer tells of the same deploy', async () => {
    await using server = await serviceServer()
    const first = await server.post(path, sent('promote'))
    expect(first).toEqual({ status: 202, text: expect.stringContaining('web.production.1') })
    expect(await server.post(path, sent('promote'))).toEqual(first)
    expect(await server.history()).toHaveLength(1)
    await server.post('/promote/app/1.1', { token: 'promote' })
    const late = await server.post(path, sent('promote'))
    expect(late.text).toContain('This request was answered before. production of app has moved on from 1.0 since.')
    expect((await server.history()).map(({ version }) => version)).toEqual(['1.0', '1.1'])
  })

  it('belongs to the token that sent it: another one may count its builds alike', async () => {
    await using server = await serviceServer()
    await server.post(path, sent('ada/promote'))
    const first = await server.post('/promote/app/1.1', sent('kim/promote'))
    expect(await server.post('/promote/app/1.1', sent('kim/promote'))).toEqual(first)
    expect((await server.history()).map(({ version, by }) => [version, by])).toEqual([
      ['1.0', 'ada'],
      ['1.1', 'kim'],
    ])
  })

  it('goes back no further where a rollback is sent twice, and is refused where it is too long', async () => {
    await using server = await aServer()
    const first = await server.post('/services/web/rollback', sent('promote'))
    const second = await server.post('/services/web/rollback', sent('promote'))
    expect(deployIn(second.text)).toBe(deployIn(first.text))
    expect((await server.history()).at(-1)?.version).toBe('1.1')
    expect(await server.post(path, sent('promote', 'k'.repeat(256)))).toMatchObject({
      status: 400,
      text: expect.stringContaining('The Idempotency-Key'),
    })
  })
})
