import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { obstacle } from '../demo/requirements.ts'
import { exercised } from '../support/exercised.ts'
import { processesOf } from '../support/process-table.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { tied } from '../support/tied-process.ts'
import { toolLabel } from '../support/tools.ts'
import { until } from '../support/until.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** As `npm run demo` starts it, without the build that comes before: other tests run what lies in `dist/` now. */
const argv = [process.execPath, '--import', 'tsx', join(checkout, 'test', 'demo', 'demo.ts')]

describe('the demo', () => {
  let folder: TemporaryFolder
  let scratches: string
  beforeEach(async () => {
    folder = await temporaryFolder('watched')
    scratches = join(folder.path, 'tmp')
    mkdirSync(scratches)
  })
  afterEach(async () => {
    await folder[Symbol.asyncDispose]()
  })

  function start(options: { readonly path?: string; readonly words?: readonly string[] } = {}) {
    const path = [...(options.path === undefined ? [] : [options.path]), process.env['PATH']].join(':')
    const [file = '', ...words] = tied([...argv, ...(options.words ?? [])])
    const demo = spawn(file, words, { cwd: checkout, env: { ...process.env, TMPDIR: scratches, PATH: path } })
    let output = ''
    for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const ended = once(demo, 'close')
    return {
      output: () => output,
      signal: (name: NodeJS.Signals) => demo.kill(name),
      exitCode: async () => Number((await ended)[0]),
    }
  }

  function expectNothingLeft() {
    // tsx keeps what it compiled there, under a name of its own.
    expect(readdirSync(scratches).filter((name) => name.startsWith('wheelhouse-'))).toEqual([])
    expect(processesOf(scratches)).toEqual([])
  }

  it('shows the whole road, and leaves nothing behind', async () => {
    const demo = start()
    expect(await demo.exitCode(), demo.output()).toBe(0)
    exercised(toolLabel('curl'))
    const chapters = demo.output().split(/^\d\. /m)
    const [promoted = '', upgraded = '', bad = '', back = ''] = chapters.slice(5)
    expect(served(promoted)).toEqual(['1.0.0', '1.0.0'])
    expect(served(upgraded)).toEqual(['1.1.0', '1.1.0'])
    expect(table(upgraded)[0]).toEqual(['1.0.0', '1.0.0'])
    expect(table(upgraded).at(-1)).toEqual(['1.1.0', '1.1.0'])
    expect(bad).toContain('app 1.2.0 on web failed and was rolled back')
    expect(bad).toContain('as it should be, CI would be red')
    expect(served(bad)).toEqual(['1.1.0', '1.1.0'])
    expect(back).toContain('production of app is now 1.0.0 (before: 1.2.0)')
    expect(served(back)).toEqual(['1.0.0', '1.0.0'])
    for (const chapter of [upgraded, bad, back]) expect(chapter).toMatch(/ [1-9]\d* requests answered .*, 0 failed\./)
    expect(chapters.at(-1)).toContain('in all')
    expect(demo.output()).not.toContain('\u001b')
    expectNothingLeft()
  }, 240_000)

  it('stops where a command fails: tells which, what it said and what to do, and cleans up', async () => {
    mkdirSync(join(folder.path, 'bin'))
    const broken = join(folder.path, 'bin', 'curl')
    writeFileSync(broken, '#!/bin/sh\necho "curl: broken on purpose" >&2\nexit 7\n')
    chmodSync(broken, 0o755)
    const demo = start({ path: join(folder.path, 'bin') })
    expect(await demo.exitCode(), demo.output()).toBe(1)
    const [, report = ''] = demo.output().split('The demo stopped: ')
    expect(report).toContain('A command ended with exit status 7.')
    expect(report).toMatch(/\n\$ curl .*\/promote\/app\/1\.0\.0\?wait=300"\n {2}curl: broken on purpose\n/)
    expect(report).toContain('What to do: ')
    expectNothingLeft()
  }, 120_000)

  it('cleans up when it is ended in the middle of a deploy', async () => {
    const demo = start()
    await until(() => demo.output().includes('/promote/app/1.0.0'), 100)
    demo.signal('SIGTERM')
    expect(await demo.exitCode(), demo.output()).toBe(143)
    expect(demo.output()).toContain('Ended by SIGTERM.')
    expectNothingLeft()
  }, 120_000)

  it('says in one line what is in its way', async () => {
    expect(obstacle([], true)).toBeUndefined()
    expect(obstacle([], false)).toMatch(/^The demo needs Debian.*root.*apt\.$/)
    const demo = start({ words: ['--fast'] })
    expect(await demo.exitCode()).toBe(1)
    expect(demo.output().trim()).toBe('There is no --fast. Usage: npm run demo [-- --keep]')
  })
})

/** The versions that `curl` got from the nodes at the end of the chapter. */
function served(chapter: string): readonly (string | undefined)[] {
  return [...chapter.matchAll(/^ {2}\{"version": "([^"]+)"/gm)].map(([, version]) => version)
}

/** The rows of what each node served while a promotion went on. */
function table(chapter: string): readonly (readonly string[])[] {
  return [...chapter.matchAll(/^ {2}\| +[\d.]+ +(\S+) +(\S+)$/gm)].map(([, ...cells]) => cells)
}
