import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runCommand, type Terminal } from '../../../src/cli/command.ts'
import type { Phase } from '../../../src/deploy/rollout/model.ts'
import { deploy, deployServer } from '../../support/deploy-server.ts'
import { until } from '../../support/until.ts'

/** The real command against a server, and what a person sees of it. */
function wheelhouse(url: string, command: string) {
  const stop = new AbortController()
  const seen = { lines: [] as string[], errors: [] as string[], code: 0 }
  const terminal = {
    environment: { WHEELHOUSE_URL: url, WHEELHOUSE_TOKEN: 'read' },
    print: (text: string) => void seen.lines.push(text),
    printError: (text: string) => void seen.errors.push(text),
    exitWith: (code: number) => {
      seen.code = code
    },
    signal: stop.signal,
  } as unknown as Terminal
  const ended = runCommand(command.split(' '), terminal).then(() => seen)
  return { seen, ended, stop: () => stop.abort() }
}

const node = { name: 'n1', state: 'activating' } as const

describe('a deploy that is followed from a terminal', () => {
  it.each<[phase: Phase, code: number]>([
    ['succeeded', 0],
    ['failed', 1],
    ['rollback_failed', 1],
    ['rolled_back', 3],
    ['superseded', 4],
    ['aborted', 5],
    ['expired', 6],
  ])('that %s ends with %i, as its promotion does', async (phase, code) => {
    await using server = await deployServer()
    const { ended, seen } = wheelhouse(server.url, `deploys ${deploy} --follow`)
    await until(() => seen.lines.length > 0)
    await server.become({ phase, reason: 'so it went' })
    expect(await ended).toMatchObject({ code, errors: [] })
    expect(seen.lines.at(-1)).toBe('  Reason: so it went')
  })

  it.each<[phase: Phase, code: number]>([
    ['gated', 6],
    ['rolling', 7],
  ])('that is still %s when the wait is over ends with %i', async (phase, code) => {
    await using server = await deployServer()
    await server.become({ phase })
    const { ended } = wheelhouse(server.url, `deploys ${deploy} --follow --wait 0.5`)
    expect(await ended).toMatchObject({ code, errors: ['The wait is over, the deploy goes on.'] })
  })

  it('that was over before ends with its status however short the wait is', async () => {
    await using server = await deployServer()
    await server.become({ phase: 'rolled_back' })
    const { ended } = wheelhouse(server.url, `deploys ${deploy} --follow --wait 0`)
    expect(await ended).toMatchObject({ code: 3, errors: [] })
    const unknown = wheelhouse(server.url, 'deploys web.production.99 --follow --wait 0')
    expect(await unknown.ended).toMatchObject({
      code: 2,
      errors: [expect.stringMatching(/^[^{]*There is no deploy "web\.production\.99"\.$/)],
    })
  })

  it('is followed on from what was heard last where the connection breaks', async () => {
    await using server = await deployServer()
    await server.become({ phase: 'rolling', nodes: [node] })
    const { ended, seen } = wheelhouse(server.url, `deploys ${deploy} --follow`)
    await until(() => seen.lines.length === 2)
    server.cut()
    await server.whenAsked(2)
    expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2'])
    await server.become({ phase: 'rolled_back', nodes: [{ ...node, state: 'restored' }] })
    expect(await ended).toEqual({
      code: 3,
      errors: ['The connection broke; asking again.'],
      lines: [
        'web.production.1: app 1.0 on web switches node after node.',
        '  n1  restarting',
        'web.production.1: app 1.0 on web failed and was rolled back.',
        '  n1  is back on what it ran',
      ],
    })
  })

  it('goes on without whoever watches: stopped, the command says so and ends with 7', async () => {
    await using server = await deployServer()
    const { ended, seen, stop } = wheelhouse(server.url, `deploys ${deploy} --follow`)
    await until(() => seen.lines.length > 0)
    stop()
    expect(await ended).toMatchObject({ code: 7, errors: ['wheelhouse: Stopped. The deploy goes on.'] })
  })

  it('that there is not ends with 2', async () => {
    await using server = await deployServer()
    const { ended } = wheelhouse(server.url, 'deploys web.production.9 --follow')
    expect(await ended).toMatchObject({ code: 2, errors: ['wheelhouse: There is no deploy "web.production.9".'] })
  })
})

/** A server that says the same to everybody, and hangs up in the middle of it where more is announced. */
async function saying(headers: Record<string, string>, body: string) {
  const server = createServer((_request, response) => {
    response.writeHead(200, headers).write(body)
    setTimeout(() => (headers['content-length'] === undefined ? response.end() : response.destroy()), 50)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  }
}

describe('an answer', () => {
  it.each(['logs web.production.1', 'deploys web.production.1', 'services', 'hold web'])(
    'that is cut short is a sentence, and 1: %s',
    async (command) => {
      using server = await saying({ 'content-length': '1000' }, 'half of ')
      const { code, errors } = await wheelhouse(server.url, command).ended
      expect(code).toBe(1)
      expect(errors).toEqual([
        expect.stringMatching(/^wheelhouse: .* broke in the middle of the answer.* Ask again\.$/),
      ])
    },
  )

  it.each([`deploys ${deploy} --follow`, 'promote app 1.0'])(
    'that is not understood is a sentence, and 1: %s',
    async (command) => {
      using server = await saying({ 'content-type': 'text/event-stream' }, 'event: deploy\ndata: {"id":"new"}\n\n')
      const { code, errors } = await wheelhouse(server.url, command).ended
      expect(code).toBe(1)
      expect(errors).toEqual([expect.stringContaining('Is this command as new as the server?')])
    },
  )
})
