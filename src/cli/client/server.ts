import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Environment } from '../../config/environment.ts'
import { messageOf } from '../../errors.ts'
import { exitCodeOfStatus, exitCodes } from './exit-codes.ts'

/** Ends a command with a sentence and an exit code. */
export class ClientError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

export interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly accept?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Ends it besides the one of the process. */
  readonly signal?: AbortSignal
}

/** A running Wheelhouse, as WHEELHOUSE_URL and WHEELHOUSE_TOKEN name it. */
export interface RemoteServer {
  /**
   * Answers below 400, the body unread. Rejects with `ClientError`: what the server says where it refuses, and where it
   * cannot be reached after several tries, why.
   */
  ask(path: string, options?: AskOptions): Promise<Response>
  /** The whole answer. Rejects as `ask` does, and with `ClientError` too where the connection breaks in the middle. */
  read(path: string, options?: AskOptions): Promise<string>
}

const pausesMilliseconds = [500, 1_000, 2_000, 4_000]

export function remoteServer(environment: Environment, signal: AbortSignal): RemoteServer {
  const url = (environment['WHEELHOUSE_URL'] ?? 'http://127.0.0.1:8080').replace(/\/+$/, '')
  const token = environment['WHEELHOUSE_TOKEN']
  if (token === undefined || token === '') {
    const text =
      'Say which token to use: WHEELHOUSE_TOKEN=whl_... (wheelhouse token create makes one), and with WHEELHOUSE_URL which server.'
    throw new ClientError(text, exitCodes.usage)
  }
  const authorization = `Bearer ${token}`
  async function ask(path: string, { signal: until = signal, ...options }: AskOptions = {}): Promise<Response> {
    const answer = await persistently(`${url}${path}`, { ...requestOf(options, authorization), signal: until }, until)
    if (answer.status < 400) return answer
    throw new ClientError(sentenceOf((await wholeOf(answer, url)).trim()), exitCodeOfStatus(answer.status))
  }
  return { ask, read: async (path, options) => await wholeOf(await ask(path, options), url) }
}

const refusal = z.object({ message: z.string() })

/** Of a refusal to whom asked for JSON people are told the sentence in it. */
function sentenceOf(text: string): string {
  try {
    return refusal.parse(JSON.parse(text)).message
  } catch {
    return text
  }
}

function requestOf(
  { method = 'GET', accept = 'text/plain', body, headers }: AskOptions,
  authorization: string,
): RequestInit {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    method,
    headers: { accept, authorization, ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}

async function wholeOf(answer: Response, url: string): Promise<string> {
  try {
    return await answer.text()
  } catch (cause) {
    const text = `The connection to ${new URL(url).origin} broke in the middle of the answer (${causeOf(cause)}). Ask again.`
    throw new ClientError(text, exitCodes.failed, { cause })
  }
}

/** A server that is being replaced is away for some seconds. Safe to repeat: what changes something carries a key. */
async function persistently(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  for (const milliseconds of [...pausesMilliseconds, undefined]) {
    try {
      const answer = await fetch(url, init)
      if (answer.status < 502 || answer.status > 504 || milliseconds === undefined) return answer
      await answer.body?.cancel()
    } catch (error) {
      if (signal.aborted) throw new ClientError('Stopped. What was asked for goes on.', exitCodes.stillRunning)
      if (milliseconds === undefined) throw unreachable(url, error)
    }
    await pause(milliseconds, undefined, { signal }).catch(() => undefined)
  }
  throw unreachable(url, new Error('no answer'))
}

function unreachable(url: string, error: unknown): ClientError {
  const text = `${new URL(url).origin} cannot be reached (${causeOf(error)}). Does it run, and is WHEELHOUSE_URL right?`
  return new ClientError(text, exitCodes.failed, { cause: error })
}

/** What `fetch` says itself is "fetch failed" or "terminated". */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}
