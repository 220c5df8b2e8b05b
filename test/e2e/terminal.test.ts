import { describe, expect, it } from 'vitest'
import { deploy, deployServer } from '../support/deploy-server.ts'
import { describeRun, type RunResult, run } from '../support/run.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'

const inPseudoTerminal =
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", "stty rows 7 cols 40; exec \\"$@\\"", "sh", *sys.argv[1:]])))'

/** What stands on a terminal in the end that was sent this: of the control sequences those that move lines (ECMA-48). */
function screenOf(output: string): readonly string[] {
  const rows: string[] = ['']
  for (const part of output.replaceAll('\r', '').split('\x1b')) {
    const [sequence = '', up] = /^\[(?:(\d+)F|J|\?7[hl])/.exec(part) ?? []
    if (up !== undefined) rows.splice(-1 - Number(up), rows.length, '')
    const [first = '', ...rest] = part.slice(sequence.length).split('\n')
    rows.push(`${rows.pop()}${first}`, ...rest)
  }
  return rows
}

const nodes = (...states: ('ready' | 'activating' | 'updated')[]) =>
  states.map((state, at) => ({ name: `n${at + 1}`, state }))

/** `deploys --follow` of a deploy to nodes, which goes on once each state of it was drawn. */
async function followed(count: number, environment: Record<string, string>): Promise<RunResult> {
  await using server = await deployServer()
  const ready = Array.from({ length: count }, () => 'ready' as const)
  await server.become({ phase: 'rolling', nodes: nodes(...ready) })
  const argv = ['python3', '-c', inPseudoTerminal, process.execPath, wheelhouseScript, 'deploys', deploy, '--follow']
  const env = {
    ...{ PATH: process.env['PATH'], WHEELHOUSE_URL: server.url, WHEELHOUSE_TOKEN: 'read', TERM: 'xterm' },
    ...environment,
  }
  const ran = run(argv, { env })
  await server.whenAsked(1)
  for (const state of ['activating', 'updated'] as const) {
    await server.become({ phase: 'rolling', nodes: nodes(state, ...ready.slice(1)) })
    // It is asked each second at the latest, and each change is to be seen by itself.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await server.become({ phase: 'aborted', nodes: nodes('updated', ...ready.slice(1)) })
  return await ran
}

describe('progress', () => {
  it('is a picture on a terminal, drawn anew in its place', async () => {
    const ran = await followed(2, {})
    expect(ran.code, describeRun(['wheelhouse'], ran)).toBe(5)
    expect(ran.stdout).toContain('\x1b[3F')
    expect(screenOf(ran.stdout)).toEqual([
      'web.production.1: app 1.0 on web was aborted.',
      '  n1  runs it',
      '  n2  not touched',
      '',
    ])
  })

  it('is a picture of how many nodes stand how where there is no room for each of them', async () => {
    const ran = await followed(20, {})
    expect(ran.stdout).toMatch(/ {2}\s+1 runs it: n1\r\n {2}\s+19 not touched: n2, n3, n4, n5, n/)
    expect(screenOf(ran.stdout)).toHaveLength(22)
  })

  it('is plain lines for a CI that gives a terminal', async () => {
    const { code, stdout } = await followed(2, { CI: 'true' })
    expect([code, stdout]).toEqual([5, expect.stringContaining('  n1  runs it\r\n')])
    expect(stdout).toContain('web.production.1: app 1.0 on web was aborted.\r\n')
    expect(stdout).not.toContain('\x1b')
  })
})
