import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../support/index-clients.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { generateSshKey } from '../support/ssh-keys.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse, startWorkerProcess } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

type S3 = Awaited<ReturnType<typeof startVersitygw>>

const service = (name: string) => `  ${name}:
    project: app
    fleet: { nodes: [{ name: web1, address: 127.0.0.1, port: 1 }] }
    root: /srv/${name}
    restart: { systemd: app }
    verify: { url: "http://127.0.0.1:8000/version" }
    rollout: { unreachable_seconds: 2 }
`
const configuration = (key: string) => `ssh: { user: deploy, key: "${key}" }
server: { external_url: "http://index.example.com" }
worker: { look_seconds: 0.5 }
services:
${service('web')}`

describe('Redis, away or without rights', () => {
  let s3: S3
  let redis: RedisServer
  let home: TemporaryFolder
  let configured: string
  beforeAll(async () => {
    s3 = await startVersitygw()
    redis = await startRedis()
    home = await temporaryFolder('outages')
    const { privateKeyPath } = await generateSshKey(home.path)
    configured = configuration(privateKeyPath)
    await writeFile(join(home.path, 'wheelhouse.yaml'), configured)
  })
  afterAll(async () => {
    for (const one of [redis, s3, home]) await one?.[Symbol.asyncDispose]()
  })

  const environment = async (url: string) => ({
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    WHEELHOUSE_ADMIN_TOKEN: 'the-admin-token-of-the-tests-on-s3',
    WHEELHOUSE_CONFIG: join(home.path, 'wheelhouse.yaml'),
    REDIS_URL: url,
  })
  async function promoted(server: RunningWheelhouse): Promise<number> {
    const { url, token } = server
    const wheel = aWheel({ name: 'app', version: '1.0' })
    expect((await post(server, wheel, { name: 'app', version: '1.0' })).status).toBe(200)
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${url}/promote/app/1.0?wait=1`, { method: 'POST', headers })).status
  }

  it('a user without channels: the server says what is missing, promotes, and stays', async () => {
    const admin = new Redis(redis.url)
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', 'resetchannels')
    admin.disconnect()
    await using server = await startWheelhouse({
      environment: await environment(redis.url.replace('//', '//app:secret@')),
    })
    expect(await promoted(server)).toBe(202)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    expect(server.output()).toContain('may not publish or subscribe on wheelhouse:events')
  })

  it('away at the start: a promotion is answered, and a worker finds work, takes up services, and stops when told', async () => {
    await redis.stop()
    const settings = await environment(redis.url)
    await using server = await startWheelhouse({ environment: settings })
    expect(await promoted(server)).toBe(202)
    await using worker = await startWorkerProcess(home.path, settings)
    await until(() => worker.output().includes('Carrying web.production.1'))
    await writeFile(join(home.path, 'wheelhouse.yaml'), configured + service('jobs'))
    worker.hangUp()
    await until(() => worker.output().includes('services added: jobs'))
    expect(worker.output()).not.toContain('web.production.1 failed')
    // The deploy that it carried goes on to its end, and the service that came is worked on.
    await until(() => /cannot be reached[^\n]*web\.production\.1 failed/.test(worker.output()))
    await until(() => worker.output().includes('Carrying jobs.production.1'))
    expect(worker.output()).not.toContain('Let go of web')
    await worker.stop()
    expect(worker.output()).toContain('Stopping')
    // Of Redis: the node of the other service may have been given up by then as well.
    expect(worker.output().match(/"message":"connect ECONNREFUSED/g)?.length ?? 0).toBeLessThan(6)
  })

  it('a failure that nobody minded is logged, and ends no server', async () => {
    // From within: once it listens for signals, half a second later.
    const failing =
      "process.on('newListener', (name) => { if (name === 'SIGTERM') setTimeout(() => Promise.reject(new Error('a stray failure')), 500) })"
    const script = `data:text/javascript,${encodeURIComponent(failing).replaceAll("'", '%27')}`
    await using server = await startWheelhouse({ environment: { NODE_OPTIONS: `--import=${script}` } })
    await until(() => server.output().includes('Nobody minded this failure: a stray failure'))
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })
})
