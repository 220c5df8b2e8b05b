import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { post, simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { until } from '../support/until.ts'
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
})
