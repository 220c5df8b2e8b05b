import { afterEach, describe, expect, it } from 'vitest'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import type { PythonSession } from '../../../src/deploy/python-session.ts'
import { localHosts } from '../../support/local-hosts.ts'

const target = { name: 'web1', address: '127.0.0.1', port: 22, user: 'deploy', keyPath: '/nowhere', connectSeconds: 5 }

describe('a Python that is asked look after look', () => {
  const connection = new HostConnection(localHosts(), target)
  afterEach(() => connection.drop())

  async function session(python = 'python3'): Promise<PythonSession> {
    return connection.pythonOn(await connection.open(), python)
  }

  async function ask(source: string, argument: object = {}, seconds = 20, signal = new AbortController().signal) {
    const on = await session()
    return await on.ask({ python: on.python, source, argument }, seconds, signal)
  }

  const result = (value: unknown) => ({ ok: true, output: `wheelhouse-result ${JSON.stringify(value)}\n` })

  it('is one process for all of them, each with its own argument and nothing of the look before', async () => {
    const first = await ask('seen = 1\ntell(os.getpid())')
    expect(await ask('tell(os.getpid())')).toEqual(first)
    const asked = await Promise.all(
      ['ü', 'b\nc'].map((word) => ask('tell([ARGUMENTS["word"], "seen" in globals()])', { word })),
    )
    expect(asked).toEqual([
      { ok: true, output: expect.stringContaining('["\\u00fc", false]') },
      { ok: true, output: expect.stringContaining('["b\\nc", false]') },
    ])
  })

  it('tells what a look ends with, a sentence or an error, and goes on', async () => {
    expect(await ask('sys.exit("The disk is full.")')).toEqual({ ok: false, problem: 'The disk is full.' })
    expect(await ask('open("/nowhere/at/all")')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/FileNotFoundError: .*'\/nowhere\/at\/all'$/),
    })
    expect(await ask('this is no Python')).toMatchObject({ ok: false, problem: expect.stringContaining('SyntaxError') })
    expect(await ask('tell(1)\nsys.exit()')).toEqual(result(1))
  })

  it('lets no look, nor what that starts, write among the answers or read what is asked next', async () => {
    const noisy =
      'import subprocess\nprint("noise", flush=True)\nsubprocess.run(["echo", "{}"])\ntell(subprocess.check_output(["cat"]).decode())'
    expect(await Promise.all([ask(noisy), ask('tell(2)')])).toEqual([result(''), result(2)])
  })

  it.each([
    ['takes too long', 0.2, undefined, 'its time was up'],
    ['is given up', 20, AbortSignal.timeout(100), 'waiting for it was given up'],
  ])('is ended where a look %s: nobody knows what would answer next', async (_how, seconds, signal, why) => {
    const before = await session()
    await expect(ask('import time\ntime.sleep(20)', {}, seconds, signal)).rejects.toMatchObject({
      code: 'outcome-unknown',
      message: `What a look at web1 saw is not known: ${why}.`,
    })
    expect(before.isOpen).toBe(false)
    expect(await ask('tell(3)')).toEqual(result(3))
  })

  it('is followed by another where it was killed, which the look under way tells', async () => {
    const killed = await ask('import signal\nos.kill(os.getpid(), signal.SIGKILL)')
    expect(killed).toEqual({ ok: false, problem: 'The node answered with exit status 137.' })
    expect(await ask('tell(4)')).toEqual(result(4))
  })

  it('says what is missing where there is no such interpreter', async () => {
    const none = await session('/nowhere/python3')
    const { signal } = new AbortController()
    expect(await none.ask({ python: none.python, source: 'tell(5)', argument: {} }, 20, signal)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/\/nowhere\/python3: .*not found/),
    })
    expect(await ask('tell(5)')).toEqual(result(5))
  })

  it('is given up where an answer has no end', async () => {
    await expect(ask('tell("x" * 3000000)')).rejects.toThrow('its answer has no end')
  })
})
