import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { sendFile } from '../../../src/http/send-file.ts'

const body = Buffer.from('0123456789')
const app = new Koa()
app.use((context) =>
  sendFile(context, {
    size: body.length,
    contentType: 'application/octet-stream',
    etag: '"e"',
    modified: new Date(0),
    open: async (range) => (range ? body.subarray(range.start, range.end + 1) : body),
  }),
)

describe('the head of a file', () => {
  it('is that of the whole, whatever part is named: a Range means something with GET alone (RFC 9110 14.2)', async () => {
    for (const range of ['bytes=2-5', 'bytes=99-', 'bytes=0-1,4-5']) {
      const { status, headers } = await request(app.callback()).head('/').set('Range', range)
      expect([status, headers['content-length'], headers['content-range']]).toEqual([200, '10', undefined])
    }
    expect((await request(app.callback()).get('/').set('Range', 'bytes=2-5')).status).toBe(206)
  })
})
