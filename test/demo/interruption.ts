import { constants } from 'node:os'

/** Somebody, or the terminal, told the demo to end. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(signal: NodeJS.Signals) {
    super(`Ended by ${signal}.`)
    this.name = 'Interrupted'
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * Turns the signals that end a program, and a reader of its output that went away, into one aborted signal: the demo cleans up
 * after itself before it goes. From then on they change nothing: a terminal sends more than one.
 */
export function interruptionOf(self: NodeJS.Process): AbortSignal {
  const controller = new AbortController()
  const end = (signal: NodeJS.Signals) => controller.abort(new Interrupted(signal))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) self.on(signal, () => end(signal))
  self.stdout.on('error', () => end('SIGPIPE'))
  return controller.signal
}

/** What the work resolves to, but no longer than until the signal is aborted. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  return await new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  await unlessAborted(signal, new Promise<never>(() => {})).catch(() => undefined)
}
