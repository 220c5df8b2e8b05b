import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { readersPatience, type SendableFile, sendFile } from '../../../src/http/send-file.ts'

const body = Buffer.from('0123456789')
const app = new Koa()
const file: SendableFile = {
  size: body.length,
  contentType: 'application/octet-stream',
  etag: '"e"',
  modified: new Date(0),
  open: async (range) => (range ? body.subarray(range.start, range.end + 1) : body),
}
app.use((context) => sendFile(context, file))

describe('the head of a file', () => {
  it('is that of the whole, whatever part is named: a Range means something with GET alone (RFC 9110 14.2)', async () => {
    for (const range of ['bytes=2-5', 'bytes=99-', 'bytes=0-1,4-5']) {
      const { status, headers } = await request(app.callback()).head('/').set('Range', range)
      expect([status, headers['content-length'], headers['content-range']]).toEqual([200, '10', undefined])
    }
    expect((await request(app.callback()).get('/').set('Range', 'bytes=2-5')).status).toBe(206)
  })
})

describe('a reader that takes nothing', () => {
  it('is cut off after a while; the next request on its connection is given what it needs', async () => {
    const patience: (number | undefined)[] = []
    const watched = new Koa()
    watched.use(async (context) => {
      const { socket } = context.req
      patience.push(socket.timeout)
      if (context.path === '/page') return
      const open = async () => ({
        stream: Readable.from(
          (function* () {
            patience.push(socket.timeout)
            yield body
          })(),
        ),
      })
      await sendFile(context, { ...file, open })
    })
    const server = watched.listen(0)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['/file', '/page']) await answered(`${url}${path}`, agent)
    agent.destroy()
    await new Promise((resolve) => server.close(resolve))
    expect(patience).toEqual([undefined, readersPatience, 0])
  })
})

function answered(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => answer.resume().once('close', resolve)).once('error', reject)
  })
}
