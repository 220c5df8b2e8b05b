import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { demoApp, greetingWheel } from '../support/demo-app.ts'
import { hermeticPythonEnv } from '../support/python-env.ts'
import { runOk } from '../support/run.ts'
import { superviseService } from '../support/supervised-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { toolPaths, useTool } from '../support/tools.ts'

describe('the demo service', () => {
  it('restarts into the release that current points to, and says so itself', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [greetingWheel('2.0'), demoApp({ version: '1.0.0', greeting: '' })])
    await service.restart()
    const before = await answer(service.url)
    expect(before).toMatchObject({ version: '1.0.0', greeting: '2.0', pid: await service.pid() })
    await release(service.root, [demoApp({ version: '1.1.0' })])
    expect((await answer(service.url))['version']).toBe('1.0.0')
    await service.restart()
    expect(await answer(service.url)).toMatchObject({ version: '1.1.0', pid: await service.pid() })
    await service.stop()
    await expect(fetch(service.url)).rejects.toThrow('fetch failed')
  })

  it('finishes the request in flight before it ends', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [demoApp({ version: '1.0.0' })])
    await service.restart()
    await answer(service.url)
    const slow = fetch(`${service.url}/slow?seconds=0.5`)
    await sleep(100)
    await service.stop()
    expect(await (await slow).text()).toBe('1.0.0\n')
  })

  it('lies about its version in the variant that reads it from the disk', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [demoApp({ version: '1.0.0', rereadsVersionFromDisk: true })])
    await service.restart()
    await answer(service.url)
    await installInto(join(service.root, 'current'), [demoApp({ version: '1.1.0' })])
    expect(await answer(service.url)).toMatchObject({ version: '1.1.0', pid: await service.pid() })
    await service.stop()
  })

  it('answers and then dies in the variant that crashes', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [demoApp({ version: '1.0.0', crashAfterSeconds: 1 })])
    await service.restart()
    await answer(service.url)
    while (await fetch(service.url).then(Boolean, () => false)) await sleep(20)
    await service.stop()
  })

  it('lives without a port in the variant that never listens', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [demoApp({ version: '1.0.0', neverListens: true })])
    await service.restart()
    await sleep(500)
    await expect(fetch(service.url)).rejects.toThrow('fetch failed')
    expect(await exists(`/proc/${await service.pid()}`)).toBe(true)
    await service.stop()
  })

  it('does not come up in the variant that cannot be imported', async () => {
    await using folder = await temporaryFolder('service')
    const service = await superviseService({ root: folder.path })
    await release(service.root, [demoApp({ version: '1.0.0', importError: true })])
    await service.restart()
    while (!service.logs().includes('ModuleNotFoundError')) await sleep(20)
    await service.stop()
  })
})

/** A venv of its own with the wheels in it, and `current` on it. */
async function release(root: string, wheels: readonly { filename: string; bytes: Buffer }[]): Promise<void> {
  const venv = join(root, `release-${wheels.at(-1)?.filename}`)
  await runOk([toolPaths().python, '-m', 'venv', '--without-pip', venv])
  await installInto(venv, wheels)
  await runOk(['ln', '-sfn', venv, join(root, 'current')])
}

async function installInto(venv: string, wheels: readonly { filename: string; bytes: Buffer }[]): Promise<void> {
  const dist = `${venv}-dist`
  await mkdir(dist, { recursive: true })
  for (const wheel of wheels) await writeFile(join(dist, wheel.filename), wheel.bytes)
  const paths = wheels.map((wheel) => join(dist, wheel.filename))
  const argv = [...useTool('pipOld'), '--python', `${venv}/bin/python`, 'install', '--no-index', '--upgrade', ...paths]
  await runOk(argv, { env: hermeticPythonEnv(venv) })
}

async function answer(url: string): Promise<Record<string, unknown>> {
  for (;;) {
    const response = await fetch(`${url}/version`).catch(() => undefined)
    if (response?.ok) return JSON.parse(await response.text())
    await sleep(20)
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
