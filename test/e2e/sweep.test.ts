import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openS3Clients } from '../../src/objects/s3-clients.ts'
import { S3Store } from '../../src/objects/s3-store.ts'
import { post, simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

describe('the sweep of a running server', () => {
  it('is shown by the command, and done by the server itself on its own time', async () => {
    await using server = await startWheelhouse()
    const kept = aWheel({ name: 'app', version: '1.0' })
    expect((await post(server, kept, { name: 'app', version: '1.0' })).status).toBe(200)
    const orphan = aWheel({ name: 'app', version: '2.0' })
    const folder = join(server.folder, 'storage', 'objects', 'files', 'app', orphan.sha256)
    const path = join(folder, orphan.filename)
    mkdirSync(folder)
    writeFileSync(path, orphan.bytes)
    const sweep = (...options: string[]) =>
      run([process.execPath, wheelhouseScript, 'sweep', ...options], { env: server.environment, cwd: server.folder })
    expect((await sweep()).stdout).toBe('There is nothing to sweep.\n')
    const yesterday = Date.now() / 1000 - 90_000
    utimesSync(path, yesterday, yesterday)
    expect((await sweep()).stdout).toMatch(
      new RegExp(
        `^orphan   files/app/${orphan.sha256}/${orphan.filename} .*\n1 object, .* Nothing was removed: «wheelhouse`,
      ),
    )
    expect(existsSync(path)).toBe(true)
    await server.stop()
    writeFileSync(join(server.folder, 'wheelhouse.yaml'), 'sweep: { every_minutes: 0.01 }\n')
    await using again = await startWheelhouse({ folder: server.folder })
    await until(() => again.output().includes('Swept 1 objects'), 20, 'the sweep')
    expect(existsSync(path)).toBe(false)
    expect((await post(again, orphan, { name: 'app', version: '2.0' })).status).toBe(200)
    expect(await simplePage(again, 'app')).toMatchObject({ versions: ['1.0', '2.0'] })
    expect(existsSync(path)).toBe(true)
  })

  it('is done by one of two servers on a bucket, and by the other when that one dies', async () => {
    await using s3 = await startVersitygw()
    const bucket = await s3.createBucket()
    const environment = {
      S3_BUCKET: bucket,
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    using clients = openS3Clients({ bucket, prefix: '', region: s3.region, endpoint: s3.endpoint, credentials: s3 })
    const store = new S3Store(clients, bucket)
    const leaveOrphan = async () => {
      const orphan = aWheel({ name: 'app', version: '2.0', files: { 'app.py': randomUUID() } })
      const key = `files/app/${orphan.sha256}/${orphan.filename}`
      await store.write(key, orphan.bytes, 'absent')
      return key
    }
    const start = async () => {
      const folder = await temporaryFolder('sweeping-server')
      writeFileSync(join(folder.path, 'wheelhouse.yaml'), 'sweep: { every_minutes: 0.01, orphans_after_hours: 0 }\n')
      return { folder, server: await startWheelhouse({ environment, folder: folder.path }) }
    }
    const both = await Promise.all([start(), start()])
    try {
      const first = await leaveOrphan()
      const swept = () => both.filter(({ server }) => server.output().includes('Swept 1 objects'))
      await until(() => swept().length > 0, 20, 'the sweep of one of them')
      expect(await store.head(first)).toBeUndefined()
      expect(swept()).toHaveLength(1)
      await swept()[0]?.server.kill()
      const second = await leaveOrphan()
      await until(() => swept().length > 1, 20, 'the sweep of the other')
      expect(await store.head(second)).toBeUndefined()
    } finally {
      for (const { server, folder } of both) {
        await server[Symbol.asyncDispose]()
        await folder[Symbol.asyncDispose]()
      }
    }
  })
})
