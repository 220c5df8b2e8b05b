import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { type IndexProxy, indexProxy } from '../../../../src/deploy/tunnel/proxy.ts'
import { allOf } from '../../../support/all-of.ts'
import { freePort } from '../../../support/free-port.ts'
import { until } from '../../../support/until.ts'

const credential = 'wheelhouse:a-secret'
const authorization = `Basic ${Buffer.from(credential).toString('base64')}`
const silent = (socket: Socket) => void socket.resume()
const shown = `proxy-authorization: ${authorization}\r\n`

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** An upstream that speaks TCP, and its connections; `silent` just reads. */
async function upstreamOf(
  answer: (socket: Socket) => void,
  allowHalfOpen = false,
): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    answer(socket)
  })
  return { port: await portOf(server), sockets }
}

async function httpUpstream(answer: (incoming: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createHttpServer(answer)
  opened.push(() => server.closeAllConnections())
  return await portOf(server)
}

/** The proxy behind a port, as a forward of SSH has it. */
async function proxyTo(...ports: readonly number[]): Promise<{ port: number; proxy: IndexProxy; refusals: string[] }> {
  const refusals: string[] = []
  const allowed = new Set(ports.map((port) => `127.0.0.1:${port}`))
  const proxy = indexProxy({ allowed, credential, refused: (why) => void refusals.push(why) })
  opened.push(() => proxy[Symbol.dispose]())
  const port = await portOf(createServer({ allowHalfOpen: true }, proxy.take))
  return { port, proxy, refusals }
}

async function raw(port: number, bytes: string | Buffer, options: { end?: boolean } = {}): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  if (options.end) socket.end(bytes)
  else socket.write(bytes)
  return await allOf(socket)
}

async function fetched(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const asking = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, reason: answer.statusMessage, headers: answer.headers, body: await text(answer) }
}

async function joined(port: number, to: string): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(`CONNECT ${to} HTTP/1.1\r\nhost: ${to}\r\n${shown}\r\n`)
  await once(socket, 'readable')
  const head = 'HTTP/1.1 200 Connection established\r\n\r\n'
  expect(`${socket.read(head.length)}`).toBe(head)
  return socket
}

describe('plain http through the proxy', () => {
  it('goes to the index as it was asked, without what is of one connection alone', async () => {
    let seen: IncomingMessage | undefined
    const index = await httpUpstream((incoming, response) => {
      seen = incoming
      response.writeHead(203, 'Well', { etag: '"1"', connection: 'x-hop', 'x-hop': '1', 'x-two': ['a', 'b'] })
      response.end('page')
    })
    const { port, refusals } = await proxyTo(index)
    const answer = await fetched(port, `http://127.0.0.1:${index}/simple/?a=b`, {
      ...{
        'proxy-authorization': authorization,
        authorization: 'Basic bm9kZTpwdw==',
        'proxy-connection': 'keep-alive',
      },
      ...{ connection: 'keep-alive, x-own', 'x-own': '1', accept: 'text/html' },
    })
    expect(answer).toMatchObject({ status: 203, reason: 'Well', body: 'page' })
    expect(answer.headers).toMatchObject({ etag: '"1"', 'x-two': 'a, b' })
    expect(answer.headers['x-hop']).toBeUndefined()
    expect([seen?.url, seen?.headers.host]).toEqual(['/simple/?a=b', `127.0.0.1:${index}`])
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual(['accept', 'authorization', 'connection', 'host'])
    expect(refusals).toEqual([])
  })

  it('streams a body of any size, and an answer that is cut short does not look whole', async () => {
    const index = await httpUpstream((incoming, response) => {
      if (incoming.url === '/whole') return void response.end(Buffer.alloc(5_000_000, 'a'))
      response.writeHead(200, { 'content-length': 100 })
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    const { port } = await proxyTo(index)
    const headers = { 'proxy-authorization': authorization }
    expect((await fetched(port, `http://127.0.0.1:${index}/whole`, headers)).body).toHaveLength(5_000_000)
    await expect(fetched(port, `http://127.0.0.1:${index}/half`, headers)).rejects.toThrow('aborted')
  })

  it('lets go of the index when the client leaves', async () => {
    const { port: index, sockets } = await upstreamOf((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'))
    })
    const { port } = await proxyTo(index)
    const socket = createConnection(port, '127.0.0.1')
    socket.write(`GET http://127.0.0.1:${index}/ HTTP/1.1\r\nhost: x\r\n${shown}\r\n`)
    await once(socket, 'data')
    expect(sockets.size).toBe(1)
    socket.destroy()
    await until(() => sockets.size === 0)
  })
})

describe('https through the proxy', () => {
  it('passes bytes both ways, also when one side has ended and the other has not', async () => {
    const { port: index } = await upstreamOf((socket) => {
      // Answers once it has all of what was said.
      void allOf(socket).then((said) => setTimeout(() => socket.end(said.toUpperCase()), 20))
    }, true)
    const { port } = await proxyTo(index)
    const socket = await joined(port, `127.0.0.1:${index}`)
    const long = 'hello '.repeat(100_000)
    socket.end(long)
    expect((await allOf(socket)) === long.toUpperCase()).toBe(true)
  })

  it('passes on what an index says that ends first, and then what is still said to it', async () => {
    const said: string[] = []
    const { port: index } = await upstreamOf((socket) => {
      socket.end('welcome')
      void allOf(socket).then((all) => said.push(all))
    }, true)
    const { port } = await proxyTo(index)
    const socket = await joined(port, `127.0.0.1:${index}`)
    expect(await allOf(socket)).toBe('welcome')
    socket.end('thanks')
    await until(() => said.length > 0)
    expect(said).toEqual(['thanks'])
  })

  it('lets go of the index when the client leaves, and of the client when the index breaks off', async () => {
    const { port: index, sockets } = await upstreamOf(silent)
    const { port } = await proxyTo(index)
    const leaving = await joined(port, `127.0.0.1:${index}`)
    await until(() => sockets.size === 1)
    leaving.destroy()
    await until(() => sockets.size === 0)
    const left = await joined(port, `127.0.0.1:${index}`)
    const gone = allOf(left).catch(() => '')
    await until(() => sockets.size === 1)
    for (const socket of sockets) socket.resetAndDestroy()
    expect(await gone).toBe('')
  })

  it('lets go of both when the way is closed', async () => {
    const { port: index, sockets } = await upstreamOf(silent)
    const { port, proxy } = await proxyTo(index)
    const socket = await joined(port, `127.0.0.1:${index}`)
    const gone = allOf(socket).catch(() => '')
    proxy[Symbol.dispose]()
    expect(await gone).toBe('')
    await until(() => sockets.size === 0)
  })
})

describe('what the proxy refuses', () => {
  it('is every place that is not among the indexes, with a sentence, and tells of it', async () => {
    let asked = 0
    const { port: secret } = await upstreamOf(() => {
      asked += 1
    })
    const { port, refusals } = await proxyTo(1)
    const place = `127.0.0.1:${secret}`
    const sentence = `${place} is not among the indexes of the service`
    const answer = await fetched(port, `http://${place}/`, { 'proxy-authorization': authorization })
    expect([answer.status, answer.reason, answer.body]).toEqual([
      403,
      'Not among the indexes',
      expect.stringContaining(sentence),
    ])
    const connect = await raw(port, `CONNECT ${place} HTTP/1.1\r\nhost: ${place}\r\n${shown}\r\n`)
    expect(connect).toMatch(/^HTTP\/1\.1 403 Not among the indexes\r\n/)
    expect(connect).toContain(`${sentence}, so that the worker does not lead there.`)
    expect(refusals).toEqual([expect.stringContaining(sentence), expect.stringContaining('index_hosts')])
    expect(asked).toBe(0)
  })

  it.each([
    ['none', ''],
    ['a wrong one', `proxy-authorization: Basic ${Buffer.from('wheelhouse:other').toString('base64')}\r\n`],
    ['one of another kind', 'proxy-authorization: Bearer a-secret\r\n'],
    ['one for the index itself', `authorization: ${authorization}\r\n`],
  ])('is whoever shows no credential: %s', async (_name, header) => {
    const { port: index, sockets } = await upstreamOf(silent)
    const { port, refusals } = await proxyTo(index)
    for (const line of [`CONNECT 127.0.0.1:${index}`, `GET http://127.0.0.1:${index}/`]) {
      const answer = await raw(port, `${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required\r\n/)
      expect(answer.toLowerCase()).toContain('proxy-authenticate: basic realm="index"')
    }
    expect(sockets.size).toBe(0)
    // Others on the node may do that as often as they like.
    expect(refusals).toEqual([])
  })

  it('is a request that is no such thing, with 4xx and the end of the connection', async () => {
    const { port } = await proxyTo(1)
    const close = `connection: close\r\nhost: x\r\n${shown}\r\n`
    expect(await raw(port, 'rubbish\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(port, Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(port, '', { end: true })).toBe('')
    expect(await raw(port, `GET / HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 400 [\s\S]*absolute http:\/\/ URL/)
    expect(await raw(port, `GET https://127.0.0.1:1/ HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(port, `CONNECT 127.0.0.1 HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(port, `POST http://127.0.0.1:1/ HTTP/1.1\r\ncontent-length: 0\r\n${close}`)).toMatch(
      /^HTTP\/1\.1 405 /,
    )
    expect(await raw(port, `GET http://127.0.0.1:1/ HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n${close}`)).toMatch(
      /^HTTP\/1\.1 4/,
    )
  })

  it('is what cannot be reached, with a sentence that says from where', async () => {
    const closed = await freePort()
    const { port, refusals } = await proxyTo(closed)
    const answer = await fetched(port, `http://127.0.0.1:${closed}/`, { 'proxy-authorization': authorization })
    const sentence = `127.0.0.1:${closed} cannot be reached from the worker: connect ECONNREFUSED`
    expect([answer.status, answer.reason]).toEqual([502, 'Not reached from the worker'])
    expect(answer.body).toContain(sentence)
    expect(answer.body).toContain('this one under its external_url')
    const connect = await raw(port, `CONNECT 127.0.0.1:${closed} HTTP/1.1\r\nhost: x\r\n${shown}\r\n`)
    expect(connect).toMatch(/^HTTP\/1\.1 502 Not reached from the worker\r\n/)
    expect(refusals[1]).toContain(sentence)
  })

  it('is the hundred-and-first connection', async () => {
    const { port } = await proxyTo(1)
    const sockets = Array.from({ length: 100 }, () => createConnection(port, '127.0.0.1'))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    expect(await raw(port, 'rubbish\r\n\r\n').catch(() => '')).toBe('')
    for (const socket of sockets) socket.destroy()
    await until(async () => (await raw(port, 'rubbish\r\n\r\n').catch(() => '')).startsWith('HTTP/1.1 400'))
  })
})
