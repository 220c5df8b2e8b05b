import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeReadiness, readinessIn, readinessScript } from '../../../src/deploy/node/readiness.ts'
import { run } from '../../support/run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { toolPaths } from '../../support/tools.ts'

it('sees on a node what a deploy will need there, without starting the restart', async () => {
  await using folder = await temporaryFolder('readiness')
  const at = (name: string) => join(folder.path, name)
  await mkdir(at('bin'))
  const program = async (name: string, lines: string) => {
    await writeFile(at(join('bin', name)), `#!/bin/sh\n${lines}\n`)
    await chmod(at(join('bin', name)), 0o755)
  }
  await program('uv', 'echo uv 7.7.7')
  // What sudo does: -l says by its status whether the very words after it are allowed.
  await program('sudo', '[ "$*" = "-n -l -- systemctl restart app.service" ]')
  await program('restart-app', `touch ${at('restarted')}`)
  const python = toolPaths().python
  const look = async (restart: string, root = at('srv/app'), main?: { ask: string[] }) => {
    const env = { PATH: `${at('bin')}:/usr/bin:/bin`, HOME: folder.path }
    const { stdout, stderr } = await run(['sh', '-c', readinessScript({ python, root, restart, main })], { env })
    const found = readinessIn(stdout)
    if (found === undefined) throw new Error(stdout + stderr)
    return { found, ...describeReadiness(found, { installer: 'auto', node: { root, restart, main } }) }
  }
  const fine = await look("'restart-app' 'now'")
  expect(fine.found).toMatchObject({ uv: '7.7.7', writable: true, restart: 'there' })
  expect(fine.notes).toEqual([expect.stringMatching(/^python 3\./), 'uv 7.7.7', expect.stringMatching(/ GiB free$/)])
  expect(fine.warnings).toEqual([])
  expect((await run(['test', '-e', at('restarted')])).code).toBe(1)
  expect((await look("'sudo' '-n' 'systemctl' 'restart' 'app.service'")).found.restart).toBe('there')
  expect((await look("'sudo' '-n' 'systemctl' 'restart' 'other.service'")).warnings).toEqual([
    expect.stringContaining('sudo does not allow it without a password'),
  ])
  const asked = async (...ask: string[]) => (await look("'restart-app'", at('srv/app'), { ask })).warnings
  expect(await asked('systemctl-of-nobody', 'show')).toEqual([
    'what tells the main process is not there: systemctl-of-nobody show',
  ])
  expect(await asked('sudo', '-n', 'supervisorctl', 'status', 'app')).toEqual([
    'sudo does not allow to ask for the main process without a password: sudo -n supervisorctl status app',
  ])
  expect(await asked('restart-app', 'status')).toEqual([])
  expect((await look("'/nowhere/restart'")).warnings).toEqual(["the restart command is not there: '/nowhere/restart'"])
})

it('warns of what stands in the way, and only of that', () => {
  const found = {
    python: '3.11.2',
    pip: '23.0.1',
    freeBytes: 50 * 1024 ** 2,
    restart: 'there',
    writable: false,
  } as const
  const node = { root: '/srv/app', restart: 'systemctl restart app' }
  expect(describeReadiness(found, { installer: 'uv', node }).warnings).toEqual([
    'uv is asked for and is not there; it is got from the indexes',
    'only 50 MiB are free at /srv/app',
    '/srv/app cannot be written by the SSH user: make it, and give it to that user',
  ])
  expect(describeReadiness({ ...found, uv: '1.0' }, { installer: 'pip', node }).notes).toContain('pip 23.0.1')
})
