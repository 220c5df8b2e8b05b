import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { tied } from './tied-process.ts'

export interface ServerOptions {
  /** How messages call it. */
  readonly name: string
  readonly argv: readonly string[]
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Asked every 20 ms until it says true. */
  readonly ready: () => boolean | Promise<boolean>
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
  running(): boolean
  signal(signal: NodeJS.Signals): void
  /** Sends the signal (TERM when left out), and KILL after five seconds; resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/**
 * Starts a server in the foreground and resolves once it is ready. Rejects with its log when it ends early or is not ready in
 * 20 s. It cannot outlive this process.
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = spawnTied(options)
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const kill = () => void child.kill('SIGKILL')
  killAtExit(kill, gone)
  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (!running()) return
    child.kill(signal)
    const patience = setTimeout(kill, 5_000)
    await gone
    clearTimeout(patience)
  }
  try {
    await untilReady(options, running)
  } catch (error) {
    await stop('SIGKILL')
    throw error
  }
  return {
    pid: child.pid ?? 0,
    running,
    signal: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}

/** The last 20 kB of a log, for failure messages. */
export function logTail(logFile: string): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-20_000) : ''
}

function spawnTied(options: ServerOptions): ChildProcess {
  const [file = '', ...args] = tied(options.argv)
  const log = openSync(options.logFile, 'a')
  try {
    return spawn(file, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
}

function killAtExit(kill: () => void, gone: Promise<void>): void {
  process.setMaxListeners(process.getMaxListeners() + 1)
  process.once('exit', kill)
  void gone.then(() => {
    process.removeListener('exit', kill)
    process.setMaxListeners(process.getMaxListeners() - 1)
  })
}

async function untilReady(options: ServerOptions, running: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    if (!running()) throw new Error(`${options.name} ended at once:\n${logTail(options.logFile)}`)
    if (await options.ready()) return
    await sleep(20)
  }
  throw new Error(`${options.name} was not ready in 20 s:\n${logTail(options.logFile)}`)
}
