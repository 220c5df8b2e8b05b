import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { demoApp, greetingWheel } from '../support/demo-app.ts'
import { startNginx } from '../support/nginx.ts'
import { startPackageIndex } from '../support/package-index.ts'
import { processesOf } from '../support/process-table.ts'
import { hermeticPythonEnv } from '../support/python-env.ts'
import { startRedis } from '../support/redis.ts'
import { run, runOk } from '../support/run.ts'
import { startNode } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { toolPaths, useTool } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { anSdist, aWheel, writeBigWheel } from '../support/wheels.ts'

describe('the servers that tests start', () => {
  it('versitygw creates an object once and refuses the second create', async () => {
    await using s3 = await startVersitygw()
    const client = new S3Client({ ...s3, credentials: s3, forcePathStyle: true })
    const create = { Bucket: await s3.createBucket(), Key: 'a', Body: 'first', IfNoneMatch: '*' }
    await client.send(new PutObjectCommand(create))
    await expect(client.send(new PutObjectCommand(create))).rejects.toMatchObject({ name: 'PreconditionFailed' })
    client.destroy()
  })

  it('redis answers, and comes back empty on the same port', async () => {
    await using server = await startRedis()
    const client = new Redis(server.url)
    client.on('error', () => {})
    expect(await client.ping()).toBe('PONG')
    await client.set('kept', 'no')
    await server.stop()
    await server.start()
    expect(await client.get('kept')).toBeNull()
    client.disconnect()
  })

  it('nginx sends a request on to the upstream that is there', async () => {
    await using index = await startPackageIndex([greetingWheel('2.0')])
    await using proxy = await startNginx({ upstreams: ['127.0.0.1:9', index.host], prefix: '/pypi/' })
    const pages = await Promise.all([1, 2, 3, 4].map(() => fetch(`${proxy.url}/simple/greeting/`)))
    expect(pages.map((page) => page.status)).toEqual([200, 200, 200, 200])
    expect(index.requests).toContain('GET /simple/greeting/')
  })

  it('the second index can be closed to its clients and opened again', async () => {
    await using index = await startPackageIndex()
    await index.closeToClients()
    await expect(fetch(index.url)).rejects.toThrow('fetch failed')
    await index.openToClients()
    expect((await fetch(index.url)).status).toBe(200)
  })
})

describe('a node', () => {
  it('lets the key log in, with an environment and a HOME of its own', async () => {
    await using node = await startNode()
    const { stdout } = await runOk([...node.sshArgv, 'echo "$HOME $PIP_CONFIG_FILE $USER"; python3 --version'])
    expect(stdout).toMatch(new RegExp(`^${node.home} /dev/null ${node.user}\nPython 3\\.`))
  })

  it('can have another python than its neighbours', async () => {
    await using node = await startNode({ python3: 'pypy' })
    const install = `cd && python3 -m venv --without-pip v && v/bin/python -c 'import platform; print(platform.python_implementation())'`
    const { stdout } = await runOk([...node.sshArgv, install])
    expect(stdout).toBe('PyPy\n')
  })

  it('cuts its sessions without ending what runs detached', async () => {
    await using node = await startNode()
    const detached = `sleep 1; echo done >${node.root}/out`
    const session = run([
      ...node.sshArgv,
      `setsid sh -c '${detached}' </dev/null >/dev/null 2>&1 & touch ${node.root}/up; sleep 60`,
    ])
    while (!(await exists(join(node.root, 'up')))) await sleep(20)
    expect(node.killSessions()).toBeGreaterThan(0)
    expect((await session).code).toBe(255)
    while (!(await exists(join(node.root, 'out')))) await sleep(20)
  })

  it('leaves the network and comes back with the same host key', async () => {
    await using node = await startNode()
    await node.stop()
    expect((await run([...node.sshArgv, 'true'])).stderr).toContain('Connection refused')
    await node.start()
    await runOk([...node.sshArgv, 'true'])
  })

  it('takes everything that was started through it along when it goes', async () => {
    const node = await startNode()
    await runOk([...node.sshArgv, 'setsid sleep 600 </dev/null >/dev/null 2>&1 &'])
    await until(() => processesOf(node.home).length > 0)
    await node[Symbol.asyncDispose]()
    expect(processesOf(node.home)).toEqual([])
    expect(await exists(node.root)).toBe(false)
  })
})

describe('what belongs to a folder', () => {
  it('is not the process of a person who came there on a terminal', async () => {
    await using folder = await temporaryFolder('visited')
    const visit = [
      'import os, pty, sys',
      'folder = sys.stdin.readline().strip()',
      'pid, terminal = pty.fork()',
      'os.chdir(folder) if pid == 0 else None',
      'os.execvp("sleep", ["sleep", "600"]) if pid == 0 else print(pid, flush=True)',
      'sys.stdin.read()',
    ]
    const host = spawn(toolPaths().python, ['-c', visit.join('\n')], { stdio: 'pipe' })
    host.stdin.write(`${folder.path}\n`)
    const [line] = await once(host.stdout, 'data')
    await until(() => readlinkSync(`/proc/${Number(line)}/cwd`) === folder.path)
    expect(processesOf(folder.path)).toEqual([])
    host.stdin.end()
    await once(host, 'exit')
  })
})

describe('the archives that tests build', () => {
  it.each(['pipOld', 'pipNew'] as const)('install with %s, with their dependency and their script', async (pip) => {
    await using folder = await temporaryFolder('install')
    await using index = await startPackageIndex([
      greetingWheel('2.0'),
      demoApp({ version: '1.0.0', greeting: '==2.0' }),
      script(),
    ])
    const env = hermeticPythonEnv(folder.path)
    const venv = join(folder.path, 'venv')
    await runOk([toolPaths().python, '-m', 'venv', '--without-pip', venv], { env })
    const argv = [
      ...useTool(pip),
      '--python',
      `${venv}/bin/python`,
      'install',
      '--index-url',
      index.url,
      'app',
      'hello',
    ]
    await runOk(argv, { env })
    expect((await runOk([`${venv}/bin/hello`], { env })).stdout).toBe('hello from a script\n')
    expect(await installedVersion(venv, 'greeting', env)).toBe('2.0')
  })

  it('install with uv', async () => {
    await using folder = await temporaryFolder('install')
    await using index = await startPackageIndex([
      greetingWheel('2.0'),
      demoApp({ version: '1.0.0', greeting: '==2.0' }),
    ])
    const env = hermeticPythonEnv(folder.path)
    const venv = join(folder.path, 'venv')
    const [uv = ''] = useTool('uv')
    await runOk([uv, 'venv', '--python', toolPaths().python, venv], { env })
    await runOk([uv, 'pip', 'install', '--python', venv, '--default-index', index.url, 'app'], { env })
    expect(await installedVersion(venv, 'app', env)).toBe('1.0.0')
  })

  it.each(['twine', 'debianTwine'] as const)('pass the strict check of %s', async (twine) => {
    await using folder = await temporaryFolder('dist')
    const archives = [aWheel({ name: 'Some.Name', version: '1.0' }), anSdist({ name: 'Some.Name', version: '1.0' })]
    for (const { filename, bytes } of archives) await writeFile(join(folder.path, filename), bytes)
    const paths = archives.map(({ filename }) => join(folder.path, filename))
    const { stdout } = await runOk([...useTool(twine), 'check', '--strict', ...paths], {
      env: hermeticPythonEnv(folder.path),
    })
    expect(stdout.match(/PASSED/g)).toHaveLength(2)
  })

  it('are equal byte for byte where their descriptions are', () => {
    expect(aWheel({ name: 'a', version: '1' }).sha256).toBe(aWheel({ name: 'a', version: '1' }).sha256)
    expect(anSdist({ name: 'a', version: '1' }).sha256).toBe(anSdist({ name: 'a', version: '1' }).sha256)
  })

  it('name several tags as one compressed tag', () => {
    const tags = ['cp311-abi3-manylinux_2_17_x86_64', 'cp311-abi3-manylinux2014_x86_64']
    expect(aWheel({ name: 'a', version: '1', tags }).filename).toBe(
      'a-1-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    )
  })

  it('can be as big as a test needs and still be a wheel', async () => {
    await using folder = await temporaryFolder('big')
    const { filename, sha256, path } = await writeBigWheel(join(folder.path, 'big-1.0-py3-none-any.whl'), {
      name: 'big',
      version: '1.0',
      megabytes: 20,
    })
    expect(filename).toBe('big-1.0-py3-none-any.whl')
    expect((await stat(path)).size).toBeGreaterThan(20 * 1024 * 1024)
    expect((await runOk(['sha256sum', path])).stdout).toContain(sha256)
    await runOk([toolPaths().python, '-m', 'zipfile', '--test', path])
    const env = hermeticPythonEnv(folder.path)
    await runOk([...useTool('pipOld'), 'install', '--no-index', '--target', join(folder.path, 'target'), path], { env })
  })
})

function script() {
  const files = { 'hello.py': "def main():\n    print('hello from a script')\n" }
  return aWheel({ name: 'hello', version: '1.0', files, entryPoints: { hello: 'hello:main' } })
}

async function installedVersion(venv: string, project: string, env: Record<string, string>): Promise<string> {
  const code = `import importlib.metadata as m; print(m.version('${project}'))`
  return (await runOk([`${venv}/bin/python`, '-c', code], { env })).stdout.trim()
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
