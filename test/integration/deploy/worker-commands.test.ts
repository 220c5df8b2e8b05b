import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spawnedCommands } from '../../../src/deploy/worker-commands.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const path = { PATH: '/usr/local/bin:/usr/bin:/bin' }

function run(argv: readonly string[], options: object = {}) {
  const signal = new AbortController().signal
  return spawnedCommands(path).run(argv, {
    service: 'web',
    environment: { WHEELHOUSE_NODE: 'web1' },
    limitSeconds: 30,
    signal,
    ...options,
  })
}

describe('a command on the machine of the worker', () => {
  it('is told the node, and nothing of the environment that the worker was started with', async () => {
    const { output } = (await run(['env'])) as { readonly output: string }
    expect(output).toContain('WHEELHOUSE_NODE=web1')
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0])
        .sort(),
    ).toEqual(['PATH', 'WHEELHOUSE_NODE'])
  })

  it('keeps what it printed, and how it ended', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toMatchObject({ kind: 'exited', code: 3 })
    expect(await run(['a-command-that-nobody-has'])).toMatchObject({ kind: 'exited', code: 127 })
  })

  it('is ended with all that it started when its time is up, as a run on a node is', async () => {
    const ended = await run(['sh', '-c', 'sleep 600 & sleep 600'], { limitSeconds: 0.1 })
    expect(ended).toMatchObject({ kind: 'exited', code: 124 })
  })

  it('does not wait for what it left running', async () => {
    expect(await run(['sh', '-c', 'sleep 5 & echo done'])).toMatchObject({ code: 0, output: 'done\n' })
  })
})

describe('many commands on the machine of the worker', () => {
  it('hold up none of another service, however slow they are', async () => {
    await using folder = await temporaryFolder('commands')
    const commandOf = commandsIn(folder.path)
    const slow = Array.from({ length: 10 }, () => commandOf('web', 'until [ -e done ]; do sleep 0.05; done'))
    expect(await commandOf('api', 'touch done')).toMatchObject({ code: 0 })
    expect(await Promise.all(slow)).toEqual(slow.map(() => ended))
  })

  it('of a worker that stops are not begun any more', async () => {
    await using folder = await temporaryFolder('commands')
    const commandOf = commandsIn(folder.path)
    const slow = Array.from({ length: 8 }, () => commandOf('web', 'until [ -e done ]; do sleep 0.05; done'))
    const stop = new AbortController()
    const waits = commandOf('web', 'touch begun', stop.signal)
    stop.abort(new Error('the worker stops'))
    await expect(waits).rejects.toThrow('the worker stops')
    await commandOf('api', 'touch done')
    await Promise.all(slow)
    expect(existsSync(join(folder.path, 'begun'))).toBe(false)
  })
})

const ended = { kind: 'exited', code: 0, output: '' }

function commandsIn(folder: string) {
  const commands = spawnedCommands(path)
  return (service: string, script: string, signal = new AbortController().signal) =>
    commands.run(['sh', '-c', `cd ${folder} && ${script}`], { service, environment: {}, limitSeconds: 15, signal })
}
