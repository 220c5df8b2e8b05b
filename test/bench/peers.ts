import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachePath } from '../support/cache-folder.ts'
import { fetchFromPypi } from '../support/fetch/pypi.ts'
import { freePort, listens } from '../support/free-port.ts'
import { runOk } from '../support/run.ts'
import { startServer } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { IndexServer } from './index-server.ts'

/** The other indexes that are measured beside ours, pinned, each in an environment of its own. */
const versions = { peryx: '2026.1010.0', 'devpi-server': '6.20.3', pypiserver: '2.4.2' } as const

export async function fetchPeers(): Promise<void> {
  for (const [project, version] of Object.entries(versions)) await fetchFromPypi({ project, version })
}

function program(project: keyof typeof versions, name: string): string {
  return cachePath(`${project}-${versions[project]}`, 'bin', name)
}

const secret = 'a-token-of-the-benchmarks'
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

export async function peryx(): Promise<IndexServer> {
  const folder = await temporaryFolder('peryx')
  const port = await freePort()
  const config = join(folder.path, 'peryx.toml')
  const lines = ['[[index]]', 'name = "hosted"', 'hosted = true', '[[index.access_token]]', 'name = "ci"']
  await writeFile(config, `${[...lines, `secret = "${secret}"`, 'actions = ["read", "write"]'].join('\n')}\n`)
  const data = ['--data-dir', join(folder.path, 'data'), '--log-level', 'error']
  return await launch('peryx', folder, port, [
    program('peryx', 'peryx'),
    ...['serve', '-c', config, '--port', String(port), ...data],
  ]).then((server) => ({
    ...server,
    uploadUrl: `http://127.0.0.1:${port}/hosted/`,
    authorization: basic('__token__', secret),
    simpleUrl: `http://127.0.0.1:${port}/hosted/simple/`,
  }))
}

export async function devpi(): Promise<IndexServer> {
  const folder = await temporaryFolder('devpi')
  const port = await freePort()
  const data = join(folder.path, 'data')
  await runOk([program('devpi-server', 'devpi-init'), '--serverdir', data, '--no-root-pypi', '--root-passwd', secret])
  const argv = [program('devpi-server', 'devpi-server'), '--serverdir', data, '--port', String(port)]
  const server = await launch('devpi-server', folder, port, argv)
  const url = `http://127.0.0.1:${port}`
  const login = await fetch(`${url}/+login`, {
    method: 'POST',
    body: JSON.stringify({ user: 'root', password: secret }),
  })
  const { result } = (await login.json()) as { result: { password: string } }
  const made = await fetch(`${url}/root/dev`, {
    method: 'PUT',
    headers: { 'x-devpi-auth': Buffer.from(`root:${result.password}`).toString('base64') },
    body: JSON.stringify({ bases: [] }),
  })
  if (!made.ok) throw new Error(`devpi: ${await made.text()}`)
  return {
    ...server,
    uploadUrl: `${url}/root/dev/`,
    authorization: basic('root', secret),
    simpleUrl: `${url}/root/dev/+simple/`,
  }
}

export async function pypiserver(): Promise<IndexServer> {
  const folder = await temporaryFolder('pypiserver')
  const port = await freePort()
  const argv = [program('pypiserver', 'pypi-server'), 'run', '-p', String(port), '-P', '.', '-a', '.', folder.path]
  const url = `http://127.0.0.1:${port}`
  const server = await launch('pypiserver', folder, port, argv)
  return { ...server, uploadUrl: `${url}/`, authorization: basic('any', 'one'), simpleUrl: `${url}/simple/` }
}

async function launch(
  name: string,
  folder: Awaited<ReturnType<typeof temporaryFolder>>,
  port: number,
  argv: readonly string[],
) {
  const server = await startServer({
    name,
    argv,
    cwd: folder.path,
    logFile: join(folder.path, `${name}.log`),
    ready: () => listens(port),
  })
  return {
    name,
    pid: server.pid,
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}
