import { spawn } from 'node:child_process'
import { messageOf } from '../errors.ts'
import { CappedText } from './capped-text.ts'
import type { RunOutcome } from './detached-run.ts'
import { BoundedStarts } from './ssh/bounded-starts.ts'

export interface CommandOptions {
  /** Whose command it is. */
  readonly service: string
  readonly environment: Readonly<Record<string, string>>
  readonly limitSeconds: number
  /** Ends the command; one that has not begun is not begun, and the promise rejects with the reason. */
  readonly signal: AbortSignal
}

/**
 * Commands on the machine of the worker. Nobody can ask what became of one whose worker died: it is run again, so that it
 * has to be one for which twice is as good as once.
 */
export interface WorkerCommands {
  /** Ends as runs on nodes do: 124 where the time was up, 127 where there is no such command. */
  run(argv: readonly string[], options: CommandOptions): Promise<RunOutcome>
}

const atOnceOfOneService = 8
const outputLimit = 1024 * 1024
const graceMilliseconds = 10_000

export function spawnedCommands(base: Readonly<Record<string, string>>): WorkerCommands {
  // Of a large fleet hundreds may be asked for at once, and what they speak to counts its callers. Each service has places of
  // its own: draining may take minutes, and is no reason for another service to wait.
  const places = new Map<string, BoundedStarts>()
  return {
    run(argv, options) {
      const starts = places.get(options.service) ?? new BoundedStarts(atOnceOfOneService)
      places.set(options.service, starts)
      const environment = { ...base, ...options.environment }
      return starts.run(() => run(argv, { ...options, environment }), options.signal)
    },
  }
}

async function run([command = '', ...rest]: readonly string[], options: CommandOptions): Promise<RunOutcome> {
  const output = new CappedText(outputLimit)
  // A group of its own, so that what it started ends with it.
  const child = spawn(command, rest, { env: options.environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output.add(text))
  let late = false
  const end = () => {
    kill(child.pid, 'SIGTERM')
    killing = setTimeout(() => kill(child.pid, 'SIGKILL'), graceMilliseconds)
  }
  let killing: NodeJS.Timeout | undefined
  const limit = setTimeout(() => {
    late = true
    end()
  }, options.limitSeconds * 1000)
  options.signal.addEventListener('abort', end, { once: true })
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      // What it left running may hold its output open for ever.
      child.once('exit', (status) => setTimeout(resolve, 200, status ?? 1))
      child.once('close', (status) => resolve(status ?? 1))
    })
    return { kind: 'exited', code: late ? 124 : code, output: `${output}` }
  } catch (error) {
    return { kind: 'exited', code: 127, output: messageOf(error) }
  } finally {
    clearTimeout(limit)
    clearTimeout(killing)
    options.signal.removeEventListener('abort', end)
  }
}

function kill(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It has ended by itself.
  }
}
