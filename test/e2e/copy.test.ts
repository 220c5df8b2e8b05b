import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Disposals } from '../../src/disposal.ts'
import { openS3Clients } from '../../src/objects/s3-clients.ts'
import { S3Store } from '../../src/objects/s3-store.ts'
import { clientsIn, indexUrl, post } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { anSdist, aWheel } from '../support/wheels.ts'

const files = Array.from({ length: 40 }, (_, n) => aWheel({ name: `lib${n % 4}`, version: `1.${n}` }))

describe('wheelhouse copy', () => {
  it('takes a store from disk to S3 and back, killed on the way, and everything is served with the same tokens', async () => {
    await using owned = new Disposals()
    const s3 = owned.use(await startVersitygw())
    const home = owned.use(await temporaryFolder('copy'))
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home.path,
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    const bucket = await s3.createBucket()
    const argv = (from: string, to: string) => [process.execPath, wheelhouseScript, 'copy', '--from', from, '--to', to]
    const copy = (from: string, to: string) => run(argv(from, to), { env, cwd: home.path })

    const first = owned.use(await startWheelhouse())
    const storage = join(first.folder, 'storage')
    await Promise.all(files.map((file) => post(first, file, formOf(file.filename))))
    const running = await copy(storage, `s3://${bucket}/team/`)
    expect([running.code, running.stderr]).toEqual([1, expect.stringContaining('A server runs on the storage folder')])
    await first.stop()

    const killed = spawn(process.execPath, argv(storage, `s3://${bucket}/team/`).slice(1), { env, cwd: home.path })
    const { endpoint, accessKeyId, secretAccessKey } = s3
    const credentials = { accessKeyId, secretAccessKey }
    const clients = owned.use(openS3Clients({ bucket, prefix: 'team/', region: s3.region, endpoint, credentials }))
    const target = new S3Store(clients, bucket, 'team/')
    await until(async () => (await keysOf(target)).length > 8, 20, 'some of the copy')
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const brought = await keysOf(target)
    expect(brought.filter((key) => !key.startsWith('files/'))).toEqual(['upkeep/copy.json'])
    const onS3 = { S3_BUCKET: bucket, S3_PREFIX: 'team/', ...env }
    await expect(startWheelhouse({ environment: onS3 })).rejects.toThrow('This store is a copy that was not finished')
    const there = await copy(storage, `s3://${bucket}/team/`)
    expect([there.code, there.stdout]).toEqual([0, expect.stringContaining('S3_PREFIX=team/')])
    expect(Number(/ (\d+) were there already/.exec(there.stdout)?.[1])).toBeGreaterThanOrEqual(brought.length - 1)

    const second = owned.use(await startWheelhouse({ environment: onS3 }))
    const token = (await readFile(join(storage, 'admin-token'), 'utf8')).trim()
    await expectServed(second, token)
    const more = anSdist({ name: 'more', version: '1.0' })
    expect((await post(second, more, { name: 'more', version: '1.0' })).status).toBe(200)
    await second.stop()

    const folder = join(home.path, 'back')
    mkdirSync(join(folder, 'storage'), { recursive: true })
    const back = await copy(`s3://${bucket}/team`, join(folder, 'storage'))
    expect([back.code, back.stdout]).toEqual([0, expect.stringContaining('Copied and compared: ')])
    writeFileSync(join(folder, 'storage', 'admin-token'), token)
    const third = owned.use(await startWheelhouse({ folder }))
    expect(third.token).toBe(token)
    await expectServed(third, token)
    const clean = await run([process.execPath, wheelhouseScript, 'fsck'], { env: third.environment, cwd: folder })
    expect([clean.code, clean.stdout]).toEqual([0, expect.stringContaining('5 projects, 41 files')])
  }, 180_000)
})

async function keysOf(store: S3Store): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list('')) found.push(key)
  return found
}

function formOf(filename: string) {
  const [name = '', version = ''] = filename.split('-')
  return { name, version }
}

async function expectServed(server: RunningWheelhouse, token: string): Promise<void> {
  await using home = await temporaryFolder('client')
  const installed = await clientsIn(home.path).pipInstall(
    'pipNew',
    indexUrl(server, token),
    ['lib0==1.0', 'lib1==1.37', 'lib3==1.39'],
    'into',
  )
  expect(installed.stderr + installed.stdout).toContain('Successfully installed lib0-1.0 lib1-1.37 lib3-1.39')
  for (const { filename, sha256, bytes } of files) {
    const url = `${server.url}/files/${formOf(filename).name}/${sha256}/${filename}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  }
}
