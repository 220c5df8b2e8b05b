import { PassThrough } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import type { Asked } from './acts/act-context.ts'
import { type PythonLook, pythonServer } from './node/python-server.ts'
import { lastLines } from './node/result-line.ts'
import type { RemoteHost, RunResult } from './remote-host.ts'

const answer = z.object({ output: z.string().nullable(), problem: z.string().nullable() })

/** In characters: no look has so much to say, and what has no end must not fill our memory. */
const longestAnswer = 1024 * 1024

interface Waiting {
  answer(asked: Asked): void
  fail(error: unknown): void
}

/** One Python on a node that is asked again and again, each look after the one before. It ends with its input. */
export class PythonSession implements Disposable {
  readonly python: string
  readonly #name: string
  readonly #input = new PassThrough()
  readonly #decoder = new StringDecoder('utf8')
  readonly #given = new AbortController()
  #waiting: Waiting[] = []
  #line = ''
  #open = true

  /** `name`: how people call the node. */
  constructor(host: RemoteHost, name: string, python: string) {
    this.#name = name
    this.python = python
    const options = { input: this.#input, onOutput: (bytes: Buffer) => this.#take(bytes), signal: this.#given.signal }
    host.run(pythonServer(python), options).then(
      (result) => this.#end((one) => one.answer(answered(result))),
      (error) => this.#end((one) => one.fail(error)),
    )
  }

  /** Whether it may be asked: one that ended is followed by another. */
  get isOpen(): boolean {
    return this.#open
  }

  /**
   * Rejects with `outcome-unknown` where the connection was lost, the time was up or the signal came. In the latter two the session
   * ends: nobody knows what would answer next.
   */
  async ask({ source, argument }: PythonLook, timeoutSeconds: number, signal: AbortSignal): Promise<Asked> {
    const stop = () => this.#giveUp('waiting for it was given up')
    const timer = setTimeout(() => this.#giveUp('its time was up'), timeoutSeconds * 1000)
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await new Promise<Asked>((resolve, reject) => {
        this.#waiting.push({ answer: resolve, fail: reject })
        this.#input.write(`${JSON.stringify({ source, argument })}\n`)
        if (signal.aborted) stop()
      })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  [Symbol.dispose](): void {
    this.#giveUp('the connection is not needed any more')
  }

  #giveUp(why: string): void {
    const text = `What a look at ${this.#name} saw is not known: ${why}.`
    this.#end((one) => one.fail(new DomainError('outcome-unknown', text, { host: this.#name })))
    this.#input.end()
    this.#given.abort()
  }

  #take(bytes: Buffer): void {
    this.#line += this.#decoder.write(bytes)
    for (let end = this.#line.indexOf('\n'); end !== -1; end = this.#line.indexOf('\n')) {
      const line = this.#line.slice(0, end)
      this.#line = this.#line.slice(end + 1)
      this.#waiting.shift()?.answer(asked(line))
    }
    if (this.#line.length > longestAnswer) this.#giveUp('its answer has no end')
  }

  #end(tell: (one: Waiting) => void): void {
    this.#open = false
    const waiting = this.#waiting
    this.#waiting = []
    waiting.forEach(tell)
  }
}

function asked(line: string): Asked {
  const { output, problem } = parsed(line)
  return problem === null ? { ok: true, output: output ?? '' } : { ok: false, problem: lastLines(problem) }
}

function parsed(line: string): z.infer<typeof answer> {
  try {
    return answer.parse(JSON.parse(line))
  } catch {
    return { output: null, problem: `The node gave no answer that can be read: ${line.slice(-300)}` }
  }
}

/** What a script that only looks said: its standard output, or why there is none. */
export function answered({ code, stdout, stderr }: RunResult): Asked {
  if (code === 0) return { ok: true, output: stdout }
  return { ok: false, problem: lastLines(stderr) || lastLines(stdout) || `The node answered with exit status ${code}.` }
}
