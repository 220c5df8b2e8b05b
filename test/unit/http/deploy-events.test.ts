import { describe, expect, it } from 'vitest'
import { deploy, deployServer } from '../../support/deploy-server.ts'

type Server = Awaited<ReturnType<typeof deployServer>>

const ask = (server: Server, headers: Record<string, string> = {}, token = 'read:app') =>
  fetch(`${server.url}/deploys/${deploy}/events`, { headers: { authorization: `Bearer ${token}`, ...headers } })
const asEvents = { accept: 'text/event-stream' }

describe('the events of a deploy over HTTP', () => {
  it('are the whole deploy whenever it changed, each with its number, until it is over', async () => {
    await using server = await deployServer()
    const answer = await ask(server, asEvents)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    await server.become({ phase: 'succeeded' })
    const events = (await answer.text()).split('\n\n').filter((event) => event !== '')
    expect(events.at(-1)).toMatch(/^id: 2\nevent: deploy\ndata: \{"id":"web\.production\.1".*"phase":"succeeded"/)
    for (const event of events) expect(event).toMatch(/^id: \d\nevent: deploy\ndata: \{.*\}$/)
  })

  it('go on after the last one that the client has, which does not come again', async () => {
    await using server = await deployServer()
    const answering = ask(server, { ...asEvents, 'last-event-id': '1' })
    await server.whenAsked(1)
    await server.become({ phase: 'aborted' })
    expect(await (await answering).text()).toMatch(/^id: 2\nevent: deploy\ndata: .*"phase":"aborted".*\n\n$/)
  })

  it('tell what was missed to a client that comes back when all is over, and 204 to one that missed nothing', async () => {
    await using server = await deployServer()
    await server.become({ phase: 'rolling' })
    await server.become({ phase: 'failed', reason: 'n1: pip found no wheel' })
    const missed = await (await ask(server, { ...asEvents, 'last-event-id': '2' })).text()
    expect(missed).toMatch(/^id: 3\n[\s\S]*"reason":"n1: pip found no wheel"/)
    for (const id of ['3', '4']) {
      const nothing = await ask(server, { ...asEvents, 'last-event-id': id })
      expect([nothing.status, await nothing.text()]).toEqual([204, ''])
    }
    const odd = await ask(server, { ...asEvents, 'last-event-id': 'of another program' })
    expect(await odd.text()).toMatch(/^id: 3\n/)
  })

  it.each(['*/*', 'text/plain'])('are lines for who asks for %s, whatever came before', async (accept) => {
    await using server = await deployServer()
    await server.become({ phase: 'aborted' })
    const answer = await ask(server, { accept, 'last-event-id': '2' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(await answer.text()).toBe('web.production.1: app 1.0 on web was aborted.\n')
  })

  it('are for those who may read the project: to others there is no such deploy', async () => {
    await using server = await deployServer()
    await server.become({ phase: 'aborted' })
    const hidden = await ask(server, asEvents, 'read:other')
    expect([hidden.status, await hidden.text()]).toEqual([
      404,
      expect.stringContaining(`There is no deploy "${deploy}"`),
    ])
    expect((await ask(server, asEvents, 'promote:app,deploy:app')).status).toBe(403)
    const nobody = await fetch(`${server.url}/deploys/${deploy}/events`)
    expect([nobody.status, (await nobody.text()).length > 0]).toEqual([401, true])
  })
})
