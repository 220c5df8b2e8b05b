import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { startServer } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The compiled product. */
export const wheelhouseScript = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface RunningWheelhouse extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** Of an admin. */
  readonly token: string
  readonly pid: number
  /** All that it printed so far. */
  output(): string
  /** SIGTERM. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Where a server keeps its data: `{}` for a folder of its own, or the S3_* and REDIS_URL of a shared store. */
export interface WheelhouseOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Given: the server's folder outlives it, for restarts on the same data. */
  readonly folder?: string
  /** For restarts under the same URL. */
  readonly port?: number
}

const sharedAdminToken = 'the-admin-token-of-the-tests-on-s3'

/** Starts the real server as a process of its own, and waits until it answers. */
export async function startWheelhouse(options: WheelhouseOptions = {}): Promise<RunningWheelhouse> {
  const own = options.folder === undefined ? await temporaryFolder('server') : undefined
  const folder = options.folder ?? own?.path ?? ''
  const port = options.port ?? (await freePort())
  const onS3 = options.environment?.['S3_BUCKET'] !== undefined
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PORT: String(port),
    WHEELHOUSE_STORAGE: join(folder, 'storage'),
    ...(onS3 ? { WHEELHOUSE_ADMIN_TOKEN: sharedAdminToken, WHEELHOUSE_SPOOL: join(folder, 'spool') } : {}),
    ...options.environment,
  }
  const url = `http://127.0.0.1:${port}`
  const logFile = join(folder, `server-${port}.log`)
  const server = await startServer({
    name: 'wheelhouse',
    argv: [process.execPath, wheelhouseScript, 'serve'],
    cwd: folder,
    env: environment,
    logFile,
    ready: async () =>
      await fetch(`${url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      ),
  })
  const token = onS3 ? sharedAdminToken : (await readFile(join(folder, 'storage', 'admin-token'), 'utf8')).trim()
  return {
    url,
    port,
    folder,
    environment,
    token,
    pid: server.pid,
    output: () => readFileSync(logFile, 'utf8'),
    stop: () => server.stop('SIGTERM'),
    kill: () => server.stop('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      await server.stop('SIGKILL')
      await own?.[Symbol.asyncDispose]()
    },
  }
}

export interface RunningWorker extends AsyncDisposable {
  output(): string
  /** Tells it to read its configuration anew. */
  hangUp(): void
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Starts a real `wheelhouse worker` beside servers on the same bucket, and waits until it takes jobs. */
export async function startWorkerProcess(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<RunningWorker> {
  const logFile = join(folder, `worker-${randomUUID()}.log`)
  const output = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  const worker = await startServer({
    name: 'wheelhouse worker',
    argv: [process.execPath, wheelhouseScript, 'worker'],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment },
    logFile,
    ready: () => output().includes('Wheelhouse worker'),
  })
  return {
    output,
    hangUp: () => worker.signal('SIGHUP'),
    stop: () => worker.stop('SIGTERM'),
    kill: () => worker.stop('SIGKILL'),
    [Symbol.asyncDispose]: () => worker.stop('SIGKILL'),
  }
}
