import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { exercised } from './exercised.ts'
import { withFreePort } from './free-port.ts'
import { logTail, type ServerProcess, startServer } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { toolLabel, toolPaths } from './tools.ts'

export interface S3Server extends AsyncDisposable {
  /** Path-style addressing. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Makes an empty bucket with a name of its own and resolves with the name. */
  createBucket(): Promise<string>
  /** Ends the server; the objects stay. */
  stop(): Promise<void>
  /** Starts it again over the same objects, on the same port. */
  start(): Promise<void>
  /** Freezes the process: connections stay open and nobody answers. */
  pause(): void
  resume(): void
  logs(): string
}

const credentials = { accessKeyId: 'wheelhouse-test', secretAccessKey: 'a-secret-of-the-tests' }
const region = 'us-east-1'

/** A real S3 server over a folder. It needs extended attributes there, which every file system of Debian has. */
export async function startVersitygw(): Promise<S3Server> {
  const folder = await temporaryFolder('s3')
  await mkdir(join(folder.path, 'buckets'))
  let running: { port: number; server: ServerProcess }
  try {
    running = await withFreePort(async (port) => ({ port, server: await launch(port, folder.path) }))
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
  const { port } = running
  exercised(toolLabel('versitygw'))
  const endpoint = `http://127.0.0.1:${port}`
  return {
    endpoint,
    region,
    ...credentials,
    createBucket: () => createBucket(endpoint),
    stop: () => running.server.stop('SIGKILL'),
    start: async () => {
      running = { port, server: await launch(port, folder.path) }
    },
    pause: () => running.server.signal('SIGSTOP'),
    resume: () => running.server.signal('SIGCONT'),
    logs: () => logTail(join(folder.path, 'versitygw.log')),
    [Symbol.asyncDispose]: async () => {
      await running.server.stop('SIGKILL')
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function launch(port: number, folder: string): Promise<ServerProcess> {
  return await startServer({
    name: 'versitygw',
    argv: [toolPaths().versitygw, '--quiet', '--port', `127.0.0.1:${port}`, 'posix', join(folder, 'buckets')],
    cwd: folder,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: folder,
      ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    logFile: join(folder, 'versitygw.log'),
    ready: () => answersHttp(port),
  })
}

/** Any answer will do: without a signature it is 403. */
async function answersHttp(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) })
    return true
  } catch {
    return false
  }
}

async function createBucket(endpoint: string): Promise<string> {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  try {
    const name = `bucket-${randomBytes(6).toString('hex')}`
    await client.send(new CreateBucketCommand({ Bucket: name }))
    return name
  } finally {
    client.destroy()
  }
}
