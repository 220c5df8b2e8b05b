import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'
import { toolPaths } from '../../support/tools.ts'

type Node = Awaited<ReturnType<typeof aNode>>

describe('a look at a node', () => {
  let node: Node | undefined
  afterEach(async () => {
    await node?.[Symbol.asyncDispose]()
  })

  /** A node on which a release was switched to, started and verified. */
  async function running(version: string, told = version, settings: object = {}): Promise<Node> {
    const here = await aNode(settings)
    node = here
    await here.stage(`${version}-one`, version)
    await here.tell(told)
    expect(await here.activate('first', `${version}-one`)).toEqual({ ok: true })
    await here.restart()
    return here
  }

  it('tells the process that was verified from one that only says the same', async () => {
    const here = await running('1.0', '1.0!')
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true, verified: false } } })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({
      found: { before: { release: '1.0-one', healthy: true, verified: true } },
    })
    // Switched, and never restarted: the old process reads the new version from the disk.
    await here.stage('1.1-two', '1.1')
    expect(await here.activate('second', '1.1-two')).toEqual({ ok: true })
    await here.tell('1.1!')
    expect(await here.probe()).toMatchObject({
      found: { before: { release: '1.1-two', healthy: true, verified: false } },
    })
  })

  it('takes a process that was started again for another one', async () => {
    const here = await running('1.0')
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    await here.restart()
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true, verified: false } } })
  })

  it.each([
    ['1.4.0', '1.4'],
    ['1.4.0rc1', 'v1.4.0-rc1'],
  ])('knows %s by any spelling of PEP 440: %s', async (version, told) => {
    const here = await running(version, told)
    expect(await here.verify('first', version)).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({ found: { before: { version, healthy: true } } })
  })

  it('says which version runs where it is another, once the time is up', async () => {
    const here = await running('1.4.0', '1.4.1', { timeout_seconds: 0.3 })
    expect(await here.verify('first', '1.4.0')).toEqual({
      ok: false,
      problem: `${here.url} runs version 1.4.1, not 1.4.0`,
    })
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: false } } })
  })

  it('waits for a service that says something else until it has loaded', async () => {
    const here = await running('1.4.0', 'loading!')
    const verified = here.verify('first', '1.4.0')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await here.tell('1.4.0!')
    expect(await verified).toEqual({ ok: true })
  })

  it('asks more than once before it takes a service for down', async () => {
    const here = await running('1.4.0', '1.4.0', { interval_seconds: 3 })
    await here.stop()
    const down = createServer((socket) => {
      socket.destroy()
      down.close(() => here.restart())
    })
    down.listen(Number(new URL(here.url).port), '127.0.0.1')
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true } } })
  })

  it('follows a row of good answers to its end, though that takes longer than a service may fail to answer', async () => {
    const here = await running('1.4.0', '1.4.0', { probes: 8, interval_seconds: 0.1, timeout_seconds: 0.3 })
    expect(await here.verify('first', '1.4.0')).toEqual({ ok: true })
    expect(await here.verify('first', '1.4.0', true)).toEqual({ ok: true })
  })

  it('takes a worker that is gone while it is looked at for one failed look, and no more', async () => {
    const here = await running('1.4.0')
    const pid = await here.restart()
    // Every second time that Python opens the process's state, there is none.
    await writeFile(join(here.root, 'sitecustomize.py'), vanishing(pid))
    here.throughPython(
      `#!/bin/sh\nshift 2 # -I -S\nexport PYTHONPATH='${here.root}'\nexec ${toolPaths().python} "$@"\n`,
    )
    expect(await here.verify('first', '1.4.0')).toEqual({
      ok: false,
      problem: expect.stringContaining('but that is not on this node'),
    })
  })
})

function vanishing(pid: number): string {
  return `import builtins
opened, calls = builtins.open, []
def vanishing(path, *rest, **named):
    if path == "/proc/${pid}/stat":
        calls.append(path)
        if len(calls) % 2 == 0:
            raise FileNotFoundError(path)
    return opened(path, *rest, **named)
builtins.open = vanishing
`
}
