import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { runOk } from './run.ts'
import { logTail } from './server-process.ts'

export interface SupervisedService {
  /** The service's folder on the node: `current/` is expected in it. */
  readonly root: string
  readonly port: number
  /** Where the service answers, without a slash at the end. */
  readonly url: string
  /** The command that a deploy runs on the node: it returns when the new process was spawned, healthy or not. */
  readonly restartCommand: string
  readonly stopCommand: string
  /** Runs the restart on this machine, without SSH. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** Of the process started last; `undefined` before the first start and after a stop. */
  pid(): Promise<number | undefined>
  logs(): string
}

export interface ServiceOptions {
  /** Names the folder; `app` when left out. */
  readonly name?: string
  readonly port?: number
  /** The environment that it runs from; `current` when left out. */
  readonly environment?: string
}

/**
 * Puts the control script of a service into a folder of the node: a plain POSIX shell stand-in for what an init system does.
 * The service runs `current/bin/python -m app`, and ends when this process does.
 */
export async function superviseService(
  node: { readonly root: string },
  options: ServiceOptions = {},
): Promise<SupervisedService> {
  const root = join(node.root, options.name ?? 'app')
  const port = options.port ?? (await freePort())
  await mkdir(root, { recursive: true })
  const restartScript = join(root, 'restart-app.sh')
  const stopScript = join(root, 'stop-app.sh')
  await writeFile(stopScript, stopText(root), { mode: 0o755 })
  await writeFile(restartScript, restartText(root, port, options.environment ?? 'current'), { mode: 0o755 })
  return {
    root,
    port,
    url: `http://127.0.0.1:${port}`,
    restartCommand: restartScript,
    stopCommand: stopScript,
    restart: async () => void (await runOk([restartScript])),
    stop: async () => void (await runOk([stopScript])),
    pid: () => storedPid(root),
    logs: () => logTail(join(root, 'app.log')),
  }
}

/** A zombie counts as gone: in a container nobody may be there to reap it. */
function stopText(root: string): string {
  return `#!/bin/sh
set -eu
cd '${root}'
test -s app.pid || exit 0
pid=$(cat app.pid)
runs() { test -d "/proc/$pid" && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; }
kill -TERM "$pid" 2>/dev/null || true
tries=0
while runs; do
  tries=$((tries + 1))
  test $tries -lt 500 || kill -KILL "$pid" 2>/dev/null || true
  sleep 0.02
done
rm -f app.pid
`
}

/** Only 0, 1 and 2 are redirected: a lock's descriptor that a deploy leaks into this script must show in a test. */
function restartText(root: string, port: number, environment: string): string {
  return `#!/bin/sh
set -eu
cd '${root}'
./stop-app.sh
setsid nohup ./${environment}/bin/python -m app --port ${port} --owner ${process.pid} </dev/null >>app.log 2>&1 &
echo $! >app.pid
`
}

async function storedPid(root: string): Promise<number | undefined> {
  try {
    return Number(await readFile(join(root, 'app.pid'), 'utf8'))
  } catch {
    return undefined
  }
}
