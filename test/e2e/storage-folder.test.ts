import { describe, expect, it } from 'vitest'
import { post, simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

describe('the server and its folder', () => {
  const wheel = aWheel({ name: 'app', version: '1.0' })

  it('keeps everything over a clean stop, and over kill -9', async () => {
    await using first = await startWheelhouse()
    expect((await post(first, wheel, { name: 'app', version: '1.0' })).status).toBe(200)
    await first.stop()
    expect(first.output()).toContain('Stopping')
    await using second = await startWheelhouse({ folder: first.folder })
    expect(second.token).toBe(first.token)
    expect(await simplePage(second, 'app')).toMatchObject({ versions: ['1.0'] })
    expect((await post(second, aWheel({ name: 'app', version: '1.1' }), { name: 'app', version: '1.1' })).status).toBe(
      200,
    )
    await second.kill()
    await using third = await startWheelhouse({ folder: first.folder })
    expect(await simplePage(third, 'app')).toMatchObject({ versions: ['1.0', '1.1'] })
  })

  it('lets no second server on the folder', async () => {
    await using server = await startWheelhouse()
    const second = await run([process.execPath, wheelhouseScript, 'serve'], {
      env: { ...server.environment, PORT: '0' },
      cwd: server.folder,
    })
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('Another Wheelhouse runs on the storage folder')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('stops at a bad configuration with every mistake named', async () => {
    await using server = await startWheelhouse()
    const env = { ...server.environment, PORT: 'x', WHEELHOUSE_ANONYMOUS_READ: 'perhaps' }
    const started = await run([process.execPath, wheelhouseScript, 'serve'], { env, cwd: server.folder })
    expect(started.code).toBe(1)
    expect(started.stderr).toMatch(/PORT: [\s\S]*WHEELHOUSE_ANONYMOUS_READ: /)
  })

  it('loses no acknowledged upload when it is killed again and again while uploads come', async () => {
    await using server = await startWheelhouse()
    const acknowledged: string[] = []
    let n = 0
    for (let round = 0; round < 10; round++) {
      const running = round === 0 ? server : await startWheelhouse({ folder: server.folder })
      const uploads = Array.from({ length: 12 }, async () => {
        const version = `1.${n++}`
        const answer = await post(running, aWheel({ name: 'app', version }), { name: 'app', version }).catch(
          () => undefined,
        )
        if (answer?.status === 200) acknowledged.push(version)
      })
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 12))
      await running.kill()
      await Promise.all(uploads)
    }
    await using last = await startWheelhouse({ folder: server.folder })
    const page = await simplePage(last, 'app')
    const shown = typeof page === 'number' ? [] : page.versions
    expect(acknowledged.filter((version) => !shown.includes(version))).toEqual([])
    for (const file of typeof page === 'number' ? [] : page.files) {
      const answer = await fetch(new URL(file.url, `${last.url}/simple/app/`), {
        headers: { authorization: `Bearer ${last.token}` },
      })
      expect((await answer.arrayBuffer()).byteLength).toBe(file.size)
    }
    expect((await post(last, aWheel({ name: 'app', version: '1.0' }), { name: 'app', version: '1.0' })).status).toBe(
      200,
    )
    // Twelve starts of a server, on a machine that may be busy.
  }, 120_000)
})
