import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Disposals } from '../../src/disposal.ts'
import { post } from '../support/index-clients.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { type S3Server, startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

describe('what operators see of a server on S3 and Redis', () => {
  const owned = new Disposals()
  let s3: S3Server
  let redis: RedisServer
  let server: RunningWheelhouse
  beforeAll(async () => {
    s3 = owned.use(await startVersitygw())
    redis = owned.use(await startRedis())
    const environment = {
      S3_BUCKET: await s3.createBucket(),
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      REDIS_URL: redis.url,
    }
    server = owned.use(await startWheelhouse({ environment }))
  })
  afterAll(() => owned[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, { headers: { authorization: `Bearer ${server.token}`, ...headers } })
  const ready = async () => {
    const answer = await fetch(`${server.url}/readyz`)
    return { status: answer.status, ...((await answer.json()) as object) }
  }
  const becomes = (wanted: object) =>
    until(async () => JSON.stringify(await ready()) === JSON.stringify(wanted), 20, JSON.stringify(wanted))

  it('counts requests by route and status, uploads, pages and storage, and no name of anybody', async () => {
    const wheel = aWheel({ name: 'counted', version: '1.0' })
    const fields = { name: 'counted', version: '1.0' }
    for (const sent of [fields, fields, { ...fields, version: '2.0' }]) await post(server, wheel, sent)
    for (let n = 0; n < 3; n++) await get('/simple/counted/')
    await get('/nowhere/at/all')
    const answer = await get('/metrics')
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain')
    for (const line of [
      'wheelhouse_http_request_seconds_count{method="GET",route="/simple/:project/",status="200"} 3',
      'wheelhouse_http_request_seconds_count{method="GET",route="none",status="404"} 1',
      'wheelhouse_uploads_total{outcome="created"} 1',
      'wheelhouse_uploads_total{outcome="same"} 1',
      'wheelhouse_uploads_total{outcome="refused"} 1',
      'wheelhouse_page_cache_total{result="hit"} 2',
      'wheelhouse_page_cache_total{result="miss"} 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(text).toMatch(/wheelhouse_storage_seconds_count\{operation="write",outcome="ok"\} \d/)
    expect(text).not.toContain('counted')
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401)
  })

  it('names each request in its answer, and logs those that change something, without secrets', async () => {
    expect((await get('/simple/', { 'x-request-id': 'proxy-17' })).headers.get('x-request-id')).toBe('proxy-17')
    expect((await get('/simple/', { 'x-request-id': 'a b' })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    await fetch(`${server.url}/projects/counted/1.0/yank?reason=because`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}`, 'x-request-id': 'yank-1' },
    })
    const lines = (await readFile(join(server.folder, `server-${server.port}.log`), 'utf8')).split('\n')
    const logged = lines.filter((line) => line.includes('"yank-1"')).map((line) => JSON.parse(line))
    expect(logged).toEqual([
      expect.objectContaining({
        level: 'info',
        message: 'POST /projects/counted/1.0/yank 200',
        status: 200,
        token: 'admin',
        seconds: expect.any(Number),
      }),
    ])
    expect(lines.join('\n')).not.toContain(server.token)
  })

  it('is ready without Redis, not without its store, says which is away, and comes back by itself', async () => {
    await becomes({ status: 200, ready: true, store: 'ok', redis: 'ok' })
    await redis.stop()
    await becomes({ status: 200, ready: true, store: 'ok', redis: 'away' })
    await s3.stop()
    await until(async () => (await ready()).status === 503, 20)
    expect(await ready()).toMatchObject({ ready: false, store: expect.stringMatching(/^(away|no answer)$/) })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    await s3.start()
    await until(async () => (await ready()).status === 200, 20)
  })
})
