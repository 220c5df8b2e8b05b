import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Next } from 'koa'
import type { Clock } from '../clock.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Metrics } from '../observe/metrics.ts'
import { identityOf } from './authentication.ts'
import { requestId, routeOf } from './observation.ts'

/** An answer that holds as long as the documents behind it have the versions that they had. */
interface HotAnswer {
  readonly headers: readonly string[]
  readonly etag: string
  readonly body: Buffer
  /** The same bytes as a Latin-1 string where they are few: Node writes it in one piece with the headers. */
  readonly text: string | undefined
  readonly route: string
  readonly documents: readonly (readonly [key: string, version: string])[]
  /** Milliseconds since the epoch. */
  readonly until: number
  /** What it costs to keep it. */
  readonly bytes: number
}

export interface HotPagesPorts {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'request' | 'pageCache'>
}

/** Of one page there are as many answers as there are tokens and headers, so they are bounded by bytes. */
const keptBytes = 64 * 1024 * 1024
const day = 86_400_000
const onePiece = 32 * 1024
const projectPage = /^\/simple\/([a-z0-9]+(?:-[a-z0-9]+)*)\/$/

/**
 * Project pages that were just answered, answered again before any middleware runs: a look-up, a comparison of versions,
 * one write. Only where this process alone writes, so that the versions are known at once: then the page and the token
 * are shown to be what they were, and no answer is ever older than the store. Everything else goes the usual way.
 */
export class HotPages {
  readonly #ports: HotPagesPorts
  readonly #answers = new Map<string, HotAnswer>()
  #bytes = 0

  constructor(ports: HotPagesPorts) {
    this.#ports = ports
  }

  /** Says whether it has answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const name = nameOf(request)
    const known = name === undefined ? undefined : this.#answers.get(name)
    if (known === undefined) return false
    const { store, clock, metrics } = this.#ports
    const holds = known.documents.every(([key, version]) => store.knownVersion?.(key) === version)
    if (!holds || clock.now() >= known.until) {
      this.#drop(name ?? '')
      return false
    }
    const condition = request.headers['if-none-match']
    if (condition !== undefined && condition !== known.etag) return false
    const status = condition === undefined ? 200 : 304
    response.writeHead(status, [
      ...known.headers,
      'X-Request-Id',
      requestId(request.headers['x-request-id']),
      ...lengthOf(status, known.body),
    ])
    if (status === 304 || request.method === 'HEAD') response.end()
    else if (known.text === undefined) response.end(known.body)
    else response.end(known.text, 'latin1')
    metrics.request(request.method ?? 'GET', known.route, status, 0)
    metrics.pageCache(true)
    return true
  }

  /** As a middleware: keeps what the others answer, if nothing that it shows was written meanwhile. */
  readonly remember = async (context: Context, next: Next): Promise<void> => {
    const name = nameOf(context.req)
    const project = projectPage.exec(context.url)?.[1]
    if (name === undefined || project === undefined) return await next()
    const page = this.#known(keys.project(project))
    await next()
    const { status, body } = context
    if (page === undefined || status !== 200 || !Buffer.isBuffer(body)) return
    const identity = identityOf(context)
    const token = ['anonymous', 'admin'].includes(identity.token) ? [] : [this.#known(keys.token(identity.token))]
    const documents = [page, ...token].filter((one) => one !== undefined)
    // What was written during the answer may be in it or not: the next request finds out.
    if (documents.length !== 1 + token.length || this.#known(page[0])?.[1] !== page[1]) return
    const { etag, headers } = kept(context)
    const text = body.length <= onePiece ? body.toString('latin1') : undefined
    const until = Math.min(identity.expiresAt ?? Number.POSITIVE_INFINITY, this.#tomorrow())
    const bytes = body.length + (text?.length ?? 0) + 2 * name.length + 1_000
    this.#keep(name, { headers, etag, body, text, documents, until, route: routeOf(context), bytes })
  }

  /** Once a day each token is looked at again, which notes the day of its last use. */
  #tomorrow(): number {
    return (Math.floor(this.#ports.clock.now() / day) + 1) * day
  }

  #keep(name: string, answer: HotAnswer): void {
    this.#drop(name)
    this.#answers.set(name, answer)
    this.#bytes += answer.bytes
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= keptBytes) return
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#answers.get(name)?.bytes ?? 0
    this.#answers.delete(name)
  }

  #known(key: string): readonly [string, string] | undefined {
    const version = this.#ports.store.knownVersion?.(key)
    return version === undefined ? undefined : [key, version]
  }
}

/** All that an answer depends on. Whoever sends more than clients of an index do goes the usual way. */
function nameOf({ method, url = '', headers }: IncomingMessage): string | undefined {
  if ((method !== 'GET' && method !== 'HEAD') || !projectPage.test(url) || headers.origin !== undefined)
    return undefined
  const { authorization = '', accept = '', 'accept-encoding': coding = '' } = headers
  return [url, authorization, accept, coding].join('\n')
}

function kept(context: Context): Pick<HotAnswer, 'etag' | 'headers'> {
  const all = Object.entries(context.response.headers).filter(
    ([name]) => !['x-request-id', 'content-length'].includes(name),
  )
  const headers = all.flatMap(([name, value]) => [name, String(value)])
  return { etag: context.response.get('ETag'), headers }
}

function lengthOf(status: number, body: Buffer): readonly string[] {
  return status === 304 ? [] : ['Content-Length', String(body.length)]
}
