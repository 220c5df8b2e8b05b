import { Agent, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { DomainError, errorCodes, messageOf } from '../errors.ts'
import type { ByteRange, ObjectEntry, ObjectStore, OpenedObject, WriteCondition, WriteResult } from './object-store.ts'

const entrySchema = z.object({ key: z.string(), size: z.number(), version: z.string(), modified: z.number() })
const resultSchema = z.union([
  z.object({ ok: z.literal(true), version: z.string() }),
  z.object({ ok: z.literal(false), reason: z.literal('precondition-failed') }),
])
const failureSchema = z.object({ code: z.enum(errorCodes), message: z.string() })

/** The store of a folder that another process owns, reached over that process's Unix socket (`socket-server.ts`). */
export class SocketStore implements ObjectStore, Disposable {
  readonly exclusive = false
  // A connection per call: a kept one may be closed by the other end just as a write goes out on it.
  readonly #agent = new Agent({ keepAlive: false })
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  async read(key: string, unlessVersion?: string) {
    const answer = await this.#call('GET', 'read', { key, unless: unlessVersion })
    const body = await bodyOf(answer)
    if (answer.statusCode === 404) return undefined
    return answer.statusCode === 304 ? 'unchanged' : { body, version: String(answer.headers['x-version']) }
  }

  async write(key: string, body: Uint8Array, condition: WriteCondition): Promise<WriteResult> {
    const version = condition === 'absent' ? undefined : condition.version
    return resultSchema.parse(await this.#json('PUT', 'write', { key, version }, body))
  }

  async writeFile(key: string, path: string): Promise<WriteResult> {
    return resultSchema.parse(await this.#json('PUT', 'write-file', { key, path }))
  }

  async open(key: string, range?: ByteRange): Promise<OpenedObject> {
    const answer = await this.#call('GET', 'open', { key, start: range?.start, end: range?.end })
    return { size: Number(answer.headers['x-size']), stream: answer }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    return entrySchema.nullable().parse(await this.#json('GET', 'head', { key })) ?? undefined
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    const answer = await this.#call('GET', 'list', { key: prefix })
    for await (const line of createInterface({ input: answer })) yield entrySchema.parse(JSON.parse(line))
  }

  async delete(key: string): Promise<void> {
    await bodyOf(await this.#call('DELETE', 'object', { key }))
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #json(method: string, call: string, parameters: Parameters, body?: Uint8Array): Promise<unknown> {
    return JSON.parse((await bodyOf(await this.#call(method, call, parameters, body))).toString('utf8'))
  }

  async #call(method: string, call: string, parameters: Parameters, body?: Uint8Array): Promise<IncomingMessage> {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value))
    const path = `/${call}?${query}`
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ method, path, agent: this.#agent, socketPath: this.#socketPath }, resolve).on('error', reject).end(body)
    }).catch((error: unknown) => {
      const text = `The server that owns the storage folder went away (${messageOf(error)}). Run the command again.`
      throw new DomainError('storage-unavailable', text, {}, { cause: error })
    })
    if (answer.statusCode !== 500) return answer
    const { code, message } = failureSchema.parse(JSON.parse((await bodyOf(answer)).toString('utf8')))
    throw new DomainError(code, message)
  }
}

type Parameters = Readonly<Record<string, string | number | undefined>>

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
