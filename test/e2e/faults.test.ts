import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { post, simplePage } from '../support/index-clients.ts'
import { until } from '../support/until.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

const wheel = aWheel({ name: 'app', version: '1.0' })
const fields = { name: 'app', version: '1.0' }

/** Uploads that are being collected right now. */
function spooled(server: RunningWheelhouse): string[] {
  const spool = server.environment['WHEELHOUSE_SPOOL'] ?? join(server.folder, 'storage', 'spool')
  return readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter((name) => /\/[0-9a-f-]{36}$/.test(name))
}

/** Sends the beginning of an upload, and leaves without a word once the server has some of it. */
async function vanish(server: RunningWheelhouse): Promise<void> {
  const socket = connect(server.port, '127.0.0.1')
  const head = [
    'POST /legacy/ HTTP/1.1',
    'Host: test',
    `Authorization: Bearer ${server.token}`,
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Length: 1000000',
    '',
    '--b',
    'Content-Disposition: form-data; name="content"; filename="app-1.0-py3-none-any.whl"',
    'Content-Type: application/octet-stream',
    '',
    'x'.repeat(100_000),
  ]
  socket.write(head.join('\r\n'))
  await until(() => spooled(server).length > 0, 20, 'the spool file')
  socket.destroy()
}

describe('when a client goes away in the middle of an upload', () => {
  it('nothing of it is kept, and the server goes on', async () => {
    await using server = await startWheelhouse()
    for (let n = 0; n < 5; n++) await vanish(server)
    await until(() => spooled(server).length === 0, 20, 'an empty spool')
    expect(await simplePage(server, 'app')).toBe(404)
    expect((await post(server, wheel, fields)).status).toBe(200)
    await until(() => spooled(server).length === 0, 20, 'an empty spool')
    expect(server.output()).not.toContain('Unexpected error')
  })
})

describe('when the S3 server goes away', () => {
  it('pages and uploads say so and may be tried again; when it is back, so is everything', async () => {
    await using s3 = await startVersitygw()
    const environment = {
      S3_BUCKET: await s3.createBucket(),
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    await using server = await startWheelhouse({ environment })
    expect((await post(server, wheel, fields)).status).toBe(200)
    await s3.stop()
    const page = await fetch(`${server.url}/simple/app/`, { headers: { authorization: `Bearer ${server.token}` } })
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await page.text()).toContain('The S3 server does not answer')
    const next = aWheel({ name: 'app', version: '1.1' })
    expect((await post(server, next, { name: 'app', version: '1.1' })).status).toBe(503)
    await until(() => spooled(server).length === 0, 20, 'an empty spool')
    await s3.start()
    expect(await simplePage(server, 'app')).toMatchObject({ versions: ['1.0'] })
    expect((await post(server, next, { name: 'app', version: '1.1' })).status).toBe(200)
    expect(await simplePage(server, 'app')).toMatchObject({ versions: ['1.0', '1.1'] })
  })

  it('the server does not start, and says why, where the bucket is not there or the credentials are wrong', async () => {
    await using s3 = await startVersitygw()
    const environment = {
      S3_BUCKET: 'no-such-bucket',
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    await expect(startWheelhouse({ environment })).rejects.toThrow(/The S3 server has no such bucket/)
    await expect(
      startWheelhouse({
        environment: { ...environment, S3_BUCKET: await s3.createBucket(), S3_SECRET_ACCESS_KEY: 'wrong' },
      }),
    ).rejects.toThrow(/refused our credentials/)
  })
})
