import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { answerErrors } from '../../../src/http/error-response.ts'
import { readJson } from '../../../src/http/request-body.ts'

/** Sends a body in chunks, without a length. */
async function chunked(type: string, body: string): Promise<[status: number | undefined, text: string]> {
  const app = new Koa()
  app.use(answerErrors({ error: () => undefined }))
  app.use(readJson())
  app.use((context) => {
    context.body = JSON.stringify(context.request.body ?? {})
  })
  const server = createServer(app.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo
      const headers = { 'content-type': type, 'transfer-encoding': 'chunked' }
      const asking = request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false }, (answer) => {
        let text = ''
        answer.on('data', (part) => (text += String(part))).on('end', () => resolve([answer.statusCode, text]))
      })
      asking.on('error', reject)
      asking.end(body)
    })
  } finally {
    server.close()
  }
}

describe('a body that comes in chunks', () => {
  it('is read where it is JSON', async () => {
    expect(await chunked('application/json', '{"reason":"why"}')).toEqual([200, '{"reason":"why"}'])
  })

  it('is refused where it is of another type, as what it says would be lost', async () => {
    expect(await chunked('text/plain', 'reason=why')).toEqual([400, expect.stringContaining('must be JSON')])
  })
})
