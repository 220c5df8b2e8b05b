import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type RequestFate, randomFates, startFaultProxy } from '../support/fault-proxy.ts'
import { post, simplePage } from '../support/index-clients.ts'
import { killLoop } from '../support/kill-loop.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { UploadLedger, verifyStore } from '../support/upload-ledger.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

const wheel = aWheel({ name: 'app', version: '1.0' })
const fields = { name: 'app', version: '1.0' }

/** A server whose way to a real S3 server leads through faults. */
async function behindFaults() {
  const s3 = await startVersitygw()
  const proxy = await startFaultProxy(s3.endpoint)
  const environment = {
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: proxy.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  const server = await startWheelhouse({ environment })
  return {
    proxy,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await s3[Symbol.asyncDispose]()
    },
  }
}

describe('when S3 misbehaves', () => {
  it.each<[RequestFate, number]>([
    ['unavailable', 503],
    ['slow-down', 503],
    ['cut', 503],
  ])(
    'and answers nothing but «%s», uploads say so, nothing is stored, and all is well afterwards',
    async (fate, status) => {
      await using site = await behindFaults()
      site.proxy.meet((method) => (method === 'PUT' ? fate : 'fine'))
      const refused = await post(site.server, wheel, fields)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([status, '2'])
      expect(await refused.text()).toMatch(
        /The S3 server (answered 503|does not answer).*Nothing is lost; try again in a moment/,
      )
      expect(await simplePage(site.server, 'app')).toBe(404)
      site.proxy.meet(() => 'fine')
      expect((await post(site.server, wheel, fields)).status).toBe(200)
      await verifyStore(site.server)
    },
  )

  it('and does everything but loses every third answer to a write, nobody who uploads sees it', async () => {
    await using site = await behindFaults()
    let writes = 0
    site.proxy.meet((method) => (method === 'PUT' && ++writes % 3 === 0 ? 'lost-answer' : 'fine'))
    const ledger = new UploadLedger()
    for (let n = 0; n < 8; n++) expect(await ledger.next(site.server)).toBe(200)
    site.proxy.meet(() => 'fine')
    await ledger.verify(site.server)
  })

  it('at random in all ways, no acknowledged upload is lost and nothing half-written is shown', async () => {
    await using site = await behindFaults()
    site.proxy.meet(randomFates(7, { unavailable: 5, 'slow-down': 5, cut: 5, 'lost-answer': 5, 'half-answer': 3 }))
    const ledger = new UploadLedger()
    for (let n = 0; n < 6; n++)
      await Promise.all([ledger.next(site.server), ledger.next(site.server), ledger.again(site.server)])
    site.proxy.meet(() => 'fine')
    expect(ledger.acknowledged).toBeGreaterThan(2)
    await ledger.verify(site.server)
  })
})

describe('when the disk is full', () => {
  it('uploads say so, what was there is served, and with room again they go through', async () => {
    await using folder = await temporaryFolder('full')
    await using disk = smallDisk(join(folder.path, 'storage'), '6m')
    if (disk.mounted === undefined) return console.log('No small disk could be mounted (that needs root): not tried.')
    await using server = await startWheelhouse({ folder: folder.path })
    expect((await post(server, wheel, fields)).status).toBe(200)
    writeFileSync(join(disk.mounted, 'ballast'), Buffer.alloc(5_600_000))
    const large = aWheel({ name: 'app', version: '2.0', files: { 'app.bin': noise(2_000_000) } })
    const refused = await post(server, large, { name: 'app', version: '2.0' })
    expect([refused.status, await refused.text()]).toEqual([
      503,
      expect.stringMatching(/is full: nothing was stored\. Free some space/),
    ])
    expect(await simplePage(server, 'app')).toMatchObject({ versions: ['1.0'] })
    rmSync(join(disk.mounted, 'ballast'))
    expect((await post(server, large, { name: 'app', version: '2.0' })).status).toBe(200)
    await verifyStore(server)
  })
})

describe('when the server is killed', () => {
  it('a few times among uploads and sweeps, every acknowledged file is there and fsck finds nothing', async () => {
    await using folder = await temporaryFolder('kills')
    const ledger = await killLoop({ folder: folder.path, kills: 4 })
    expect(ledger.tried).toBeGreaterThan(20)
  }, 60_000)
})

function noise(length: number): string {
  return Array.from({ length: length / 10 }, (_, n) =>
    Math.sin(n + 1)
      .toString(36)
      .slice(3, 13)
      .padEnd(10, '.'),
  ).join('')
}

function smallDisk(path: string, size: string) {
  mkdirSync(path)
  const mounted = tried(() =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'pipe' }),
  )
  return {
    mounted: mounted ? path : undefined,
    [Symbol.asyncDispose]: async () => {
      if (mounted) tried(() => execFileSync('umount', ['-l', path], { stdio: 'pipe' }))
    },
  }
}

function tried(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
