import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Deployment, deployments } from '../support/deployments.ts'
import { post, simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { type RunningWheelhouse, startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

const fsck = ({ folder, environment }: RunningWheelhouse, ...options: string[]) =>
  run([process.execPath, wheelhouseScript, 'fsck', ...options], { env: environment, cwd: folder })

describe.each(deployments)('wheelhouse fsck, %s', (_name, deploy: () => Promise<Deployment>) => {
  it('finds nothing beside servers that take uploads', async () => {
    await using deployment = await deploy()
    const { here } = deployment
    let [stopped, uploaded] = [false, 0]
    const uploading = (async () => {
      while (!stopped && uploaded < 80) {
        const version = `1.${uploaded++}`
        await post(here, aWheel({ name: `app${uploaded % 5}`, version }), { name: `app${uploaded % 5}`, version })
      }
    })()
    const reports = [await fsck(here), await fsck(here)]
    stopped = true
    await uploading
    for (const { code, stdout } of reports) {
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^The store is whole: \d+ projects?, /)])
    }
    expect(uploaded).toBeGreaterThan(5)
  })
})

describe('wheelhouse fsck', () => {
  it('says what is wrong and what to do, mends what it can, and tells by its exit code', async () => {
    await using server = await startWheelhouse()
    const wheel = aWheel({ name: 'app', version: '1.0' })
    await post(server, wheel, { name: 'app', version: '1.0' })
    await server.stop()
    const objects = join(server.folder, 'storage', 'objects')
    writeFileSync(join(objects, 'projects', 'app.json'), 'not JSON')
    const found = await fsck(server)
    expect([found.code, found.stderr]).toEqual([1, ''])
    expect(found.stdout).toContain(
      "head-corrupt: A project's head cannot be read, and nothing of the project is served.",
    )
    expect(found.stdout).toContain(
      '  Run «wheelhouse fsck --repair».\n    projects/app.json (The project «projects/app.json»',
    )
    expect(found.stdout).toMatch(/\n1 finding: 1 project, 0 files, 0 bytes read\.\n$/)
    expect(JSON.parse((await fsck(server, '--json')).stdout)).toMatchObject({
      clean: false,
      findings: [{ id: 'head-corrupt', key: 'projects/app.json', todo: expect.any(String) }],
    })
    const mended = await fsck(server, '--repair')
    expect(mended.stdout).toMatch(
      /^repaired {2}projects\/app\.json .*\nThe store is whole: 1 project, 1 file, .* read\.\n$/,
    )
    expect(mended.code).toBe(0)
    await using again = await startWheelhouse({ folder: server.folder })
    expect(await simplePage(again, 'app')).toMatchObject({
      versions: ['1.0'],
      files: [{ hashes: { sha256: wheel.sha256 } }],
    })
    rmSync(join(objects, 'files', 'app', wheel.sha256, wheel.filename))
    const lost = await fsck(again, '--repair')
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('file-missing: ')])
  })

  it('exits with 2 where it could not be run', async () => {
    await using server = await startWheelhouse()
    await server.stop()
    const env = { ...server.environment, PORT: 'eighty' }
    const refused = await run([process.execPath, wheelhouseScript, 'fsck'], { env, cwd: server.folder })
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^wheelhouse fsck could not be run: .*PORT/s),
    ])
    const token = { format: 99, serial: 1, writeId: 'w', value: {} }
    writeFileSync(join(server.folder, 'storage', 'objects', 'tokens', 'new.json'), JSON.stringify(token))
    const tooNew = await fsck(server)
    expect([tooNew.code, tooNew.stderr]).toEqual([
      2,
      expect.stringContaining('a newer Wheelhouse wrote it. Run that version'),
    ])
  })
})
