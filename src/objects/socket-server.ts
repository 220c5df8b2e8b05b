import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { DomainError, isDomainError, messageOf } from '../errors.ts'
import type { ObjectStore, WriteCondition } from './object-store.ts'

/**
 * The store of the process that owns a folder, offered over its Unix socket to commands run beside it
 * (`socket-store.ts` is the other end). Not an API: both ends are always of one version and on one machine.
 */
export function serveStore(store: ObjectStore): RequestListener {
  return (request, response) => {
    void answer(store, request, response).catch((error: unknown) => fail(response, error))
  }
}

async function answer(store: ObjectStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://socket')
  const key = url.searchParams.get('key') ?? ''
  const verb = verbs[`${request.method} ${url.pathname}`]
  if (verb === undefined) throw new DomainError('invalid-request', `No such call: ${request.method} ${url.pathname}.`)
  await verb({ store, request, response, key, parameters: url.searchParams })
}

interface Call {
  readonly store: ObjectStore
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly key: string
  readonly parameters: URLSearchParams
}

const verbs: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  'GET /read': async ({ store, response, key, parameters }) => {
    const found = await store.read(key, parameters.get('unless') ?? undefined)
    if (found === undefined) return send(response, 404)
    if (found === 'unchanged') return send(response, 304)
    response.setHeader('x-version', found.version)
    send(response, 200, found.body)
  },
  'PUT /write': async ({ store, request, response, key, parameters }) => {
    const version = parameters.get('version')
    const condition: WriteCondition = version === null ? 'absent' : { version }
    sendJson(response, await store.write(key, await bodyOf(request), condition))
  },
  'PUT /write-file': async ({ store, response, key, parameters }) => {
    sendJson(response, await store.writeFile(key, parameters.get('path') ?? ''))
  },
  'GET /open': async ({ store, response, key, parameters }) => {
    const [start, end] = [parameters.get('start'), parameters.get('end')]
    const range = start === null || end === null ? undefined : { start: Number(start), end: Number(end) }
    const opened = await store.open(key, range)
    response.setHeader('x-size', opened.size)
    await pipeline(opened.stream, response)
  },
  'GET /head': async ({ store, response, key }) => sendJson(response, (await store.head(key)) ?? null),
  'GET /list': async ({ store, response, key }) => {
    for await (const entry of store.list(key)) response.write(`${JSON.stringify(entry)}\n`)
    response.end()
  },
  'DELETE /object': async ({ store, response, key }) => {
    await store.delete(key)
    send(response, 204)
  },
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function send(response: ServerResponse, status: number, body?: Buffer): void {
  response.statusCode = status
  response.end(body)
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, Buffer.from(JSON.stringify(value)))
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const code = isDomainError(error) ? error.code : 'storage-unavailable'
  send(response, 500, Buffer.from(JSON.stringify({ code, message: messageOf(error) })))
}
