import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'

/** The minute for which the lock is waited for, in no time. */
const impatient =
  'flock() { if [ "$1 $2" = "-w 60" ]; then shift 2; command flock -w 0.1 "$@"; else command flock "$@"; fi; }'

describe('a node on which somebody else holds the lock', () => {
  let holder: ChildProcess | undefined
  const endHolder = () =>
    holder?.exitCode === null && holder.signalCode === null && process.kill(-(holder.pid ?? 0), 'SIGKILL')
  afterEach(() => void endHolder())

  it('has nothing started or switched, says what to do, and is deployed to once the lock is free', async () => {
    await using here = await aNode()
    await here.stage('1.0-one', '1.0')
    expect(await here.activate('first', '1.0-one')).toEqual({ ok: true })
    await here.stage('1.1-two', '1.1')
    const lock = join(here.root, '.wheelhouse', 'lock')
    holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec sleep 600'], {
      ...{ stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    })
    if (holder.stdout) await once(holder.stdout, 'data')
    here.prepend(impatient)
    expect(await here.activate('second', '1.1-two')).toEqual({
      ok: false,
      problem: `Restarting on 1.1-two was not started: another worker has been starting something on this node for a minute, or a process there hangs that holds ${lock}. See who it is (fuser -v ${lock}), end it if it hangs, and promote again.`,
    })
    expect(existsSync(join(here.root, '.wheelhouse', 'runs', 'second', 'started'))).toBe(false)
    expect(await here.probe()).toMatchObject({ found: { before: { release: '1.0-one' } } })
    const freed = once(holder, 'exit')
    endHolder()
    await freed
    expect(await here.activate('third', '1.1-two')).toEqual({ ok: true })
  })
})
