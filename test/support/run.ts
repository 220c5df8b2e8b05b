import { spawn } from 'node:child_process'
import { tied } from './tied-process.ts'

export interface RunOptions {
  /** The whole environment of the child; the parent's when left out. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly stdin?: string | Uint8Array
  /** Milliseconds until the child is killed and the run rejects; two minutes when left out. */
  readonly timeoutMs?: number
  /** The child may outlive us: for what must not be cut off in the middle, such as apt. */
  readonly untied?: boolean
}

export interface RunResult {
  /** The exit status, or 128 + signal number as a shell has it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end, whatever its exit status. Rejects when it cannot be started or exceeds its time, with what it
 * had printed so far.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file = '', ...args] = options.untied ? argv : tied(argv)
  const child = spawn(file, args, { env: options.env ?? process.env, cwd: options.cwd, stdio: 'pipe' })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A child that does not read its input closes the pipe early; its exit status says the rest.
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const collected = () => ({ stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
  return await new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? 120_000
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`gave up after ${timeoutMs} ms: ${describeRun(argv, { code: -1, ...collected() })}`))
    }, timeoutMs)
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(new Error(`could not start ${argv[0]}: ${cause.message}`, { cause }))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? 128 + signalNumber(signal), ...collected() })
    })
  })
}

/** As `run`, but an exit status other than 0 rejects with everything the program said. */
export async function runOk(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(argv, options)
  if (result.code !== 0) throw new Error(describeRun(argv, result))
  return result
}

/** A failed run as a person wants to read it: command, exit status, both streams. */
export function describeRun(argv: readonly string[], result: RunResult): string {
  const streams = [
    ['stdout', result.stdout],
    ['stderr', result.stderr],
  ].map(([name, text]) => `--- ${name}\n${text?.trimEnd() || '(empty)'}`)
  return [`${argv.join(' ')}`, `exit status ${result.code}`, ...streams].join('\n')
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : 15
}
