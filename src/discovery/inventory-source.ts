import { spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { CappedText } from '../deploy/capped-text.ts'
import { unknownFleet } from '../deploy/find-fleet.ts'
import type { InventorySource } from '../deploy/service-definition.ts'
import { messageOf } from '../errors.ts'

/** Of an inventory; 5,000 hosts with many variables take a third of it. */
const limitBytes = 16 * 1024 * 1024
const graceMilliseconds = 2_000

/** What an inventory says, as text. Rejects with `deploy-step-failed` and a sentence. */
export async function readInventory(
  { command, file, seconds }: Pick<InventorySource, 'command' | 'file' | 'seconds'>,
  environment: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<string> {
  if (file !== undefined) return await readInventoryFile(file)
  return await runInventory(command ?? [], { environment, seconds, signal })
}

async function readInventoryFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size <= limitBytes) return await readFile(path, 'utf8')
  } catch (error) {
    throw unknownFleet(`The inventory ${path} cannot be read: ${messageOf(error)}.`)
  }
  throw unknownFleet(`The inventory ${path} has more than ${limitBytes / 1024 ** 2} MiB.`)
}

interface RunOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly seconds: number
  readonly signal: AbortSignal | undefined
}

/** Its standard output, where it ended well and in time. */
async function runInventory(argv: readonly string[], options: RunOptions): Promise<string> {
  const failed = (what: string) => unknownFleet(`The inventory command "${argv.join(' ')}" ${what}.`)
  try {
    const { ended, status, output, errors } = await run(argv, options)
    if (ended !== undefined) throw failed(ended)
    if (status !== 0) throw failed(`ended with ${status === null ? 'a signal' : `status ${status}`}${saying(errors)}`)
    return output
  } catch (error) {
    throw isStartFailure(error) ? failed(`cannot be started: ${messageOf(error)}`) : error
  }
}

function isStartFailure(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

interface Ended {
  /** Why it was ended before it did so by itself. */
  readonly ended: string | undefined
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

async function run([command = '', ...rest]: readonly string[], options: RunOptions): Promise<Ended> {
  // A group of its own, so that what it started ends with it.
  const child = spawn(command, rest, { env: options.environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = [[] as Buffer[], new CappedText(2_000)]
  let [bytes, ended, killing]: [number, string | undefined, NodeJS.Timeout | undefined] = [0, undefined, undefined]
  const end = (why: string) => {
    if (ended !== undefined) return
    ended = why
    kill(child.pid, 'SIGTERM')
    killing = setTimeout(kill, graceMilliseconds, child.pid, 'SIGKILL')
  }
  const limit = setTimeout(end, options.seconds * 1000, `took longer than ${options.seconds} s, and was ended`)
  const stop = () => end('was ended, as this process stops')
  options.signal?.addEventListener('abort', stop, { once: true })
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.add(text))
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limitBytes) end(`gave more than ${limitBytes / 1024 ** 2} MiB, and was ended`)
    else output.push(chunk)
  })
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      // What it left running may hold its output open for ever.
      child.once('exit', (code) => setTimeout(resolve, 1_000, code))
      child.once('close', resolve)
    })
    return { ended, status, output: Buffer.concat(output).toString('utf8'), errors: `${errors}` }
  } finally {
    clearTimeout(limit)
    clearTimeout(killing)
    options.signal?.removeEventListener('abort', stop)
  }
}

function saying(errors: string): string {
  const said = errors.trim().split('\n').slice(-5).join(' ').slice(-500)
  return said === '' ? '' : `: ${said.replace(/\.$/, '')}`
}

function kill(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It has ended by itself.
  }
}
