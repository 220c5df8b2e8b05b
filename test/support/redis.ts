import { createConnection } from 'node:net'
import { join } from 'node:path'
import { exercised } from './exercised.ts'
import { withFreePort } from './free-port.ts'
import { logTail, type ServerProcess, startServer } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { toolLabel, toolPaths } from './tools.ts'

export interface RedisServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Ends the server; what it held is gone, as the product has to allow. */
  stop(): Promise<void>
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>
  /** Freezes the process: connections stay open and nobody answers. */
  pause(): void
  resume(): void
  logs(): string
}

/** A real Redis without persistence. */
export async function startRedis(): Promise<RedisServer> {
  const folder = await temporaryFolder('redis')
  const logFile = join(folder.path, 'redis.log')
  let running: { port: number; server: ServerProcess }
  try {
    running = await withFreePort(async (port) => ({ port, server: await launch(port, folder.path, logFile) }))
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
  const { port } = running
  exercised(toolLabel('redisServer'))
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: () => running.server.stop('SIGKILL'),
    start: async () => {
      running = { port, server: await launch(port, folder.path, logFile) }
    },
    pause: () => running.server.signal('SIGSTOP'),
    resume: () => running.server.signal('SIGCONT'),
    logs: () => logTail(logFile),
    [Symbol.asyncDispose]: async () => {
      await running.server.stop('SIGKILL')
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function launch(port: number, folder: string, logFile: string): Promise<ServerProcess> {
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  return await startServer({
    name: 'redis-server',
    argv: [toolPaths().redisServer, ...settings],
    logFile,
    ready: () => answersPing(port),
  })
}

async function answersPing(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const answer = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1_000, () => answer(false))
    socket.on('error', () => answer(false))
    socket.on('data', (reply) => answer(reply.toString().startsWith('+PONG')))
  })
}
