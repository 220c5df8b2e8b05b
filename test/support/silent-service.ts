import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aNode } from './a-node.ts'
import { runOk } from './run.ts'
import { serviceManagers } from './service-managers.ts'
import { toolPaths } from './tools.ts'

export interface SilentOptions {
  /** How it is restarted; by a script of its own when left out. */
  readonly restart?: object
  readonly verify?: object
  /** The program that it starts; one that lives on, from `current`, when left out. */
  readonly program?: string
  /** Whether doubles of service managers stand for those of the machine; they do where nothing is said. */
  readonly doubles?: boolean
}

/** This machine as a node with a service that listens nowhere, as a worker of a queue, with environments as they are staged. */
export async function silentService(options: SilentOptions = {}) {
  const { restart, verify, program = 'current/bin/python', doubles = true } = options
  const byScript = { command: ['{root}/restart.sh'] }
  const here = await aNode(
    { url: undefined, pidfile: '{root}/app.pid', timeout_seconds: 1, ...verify },
    restart ?? byScript,
  )
  const pidfile = join(here.root, 'app.pid')
  const stop = `if [ -s ${pidfile} ]; then kill $(cat ${pidfile}) 2>/dev/null; rm ${pidfile}; fi`
  const source = `import os, time\nwhile os.path.exists('/proc/${process.pid}'): time.sleep(0.2)`
  const started = `setsid ${program} -c "$(cat work.py)" <&- >/dev/null 2>&1 & echo $! >${pidfile}`
  const control = `cd ${here.root}; if [ ! -e stays ]; then ${stop}; ${started}; fi`
  await writeFile(join(here.root, 'work.py'), source)
  await writeFile(join(here.root, 'restart.sh'), `#!/bin/sh\n${control}\n`, { mode: 0o755 })
  const managers = await serviceManagers(here.root, { restart: control, pidfile }, [])
  if (doubles) here.prepend(`PATH=${managers.bin}:$PATH; export PATH; export SUDO_USER=root`)
  return {
    ...here,
    pid: () => (existsSync(pidfile) ? Number(readFileSync(pidfile, 'utf8')) : undefined),
    work: (python: string) => writeFile(join(here.root, 'work.py'), python),
    startAnew: () => runOk([join(here.root, 'restart.sh')]),
    /** Restarts do nothing from now on. */
    leave: () => writeFile(join(here.root, 'stays'), ''),
    /** A release whose environment has this version of the project. */
    async install(release: string, version: string): Promise<void> {
      await here.stage(release, version)
      const folder = join(here.root, 'releases', release)
      await runOk([toolPaths().python, '-m', 'venv', '--without-pip', folder])
      const info = join(folder, 'lib', await libraryOf(folder), 'site-packages', `app-${version}.dist-info`)
      await mkdir(info, { recursive: true })
      await writeFile(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: app\nVersion: ${version}\n`)
    },
    async [Symbol.asyncDispose]() {
      await runOk(['sh', '-c', stop])
      await here[Symbol.asyncDispose]()
    },
  }
}

async function libraryOf(environment: string): Promise<string> {
  const code = 'import sys; print("python%d.%d" % sys.version_info[:2])'
  return (await runOk([join(environment, 'bin/python'), '-c', code])).stdout.trim()
}
