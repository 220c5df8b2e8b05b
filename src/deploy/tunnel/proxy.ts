import { createHash, timingSafeEqual } from 'node:crypto'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DomainError, isDomainError, messageOf } from '../../errors.ts'
import { absoluteTarget, connectTarget, type Destination, nameOf } from './reachable.ts'

export interface ProxySettings {
  /** Of `reachable`. */
  readonly allowed: ReadonlySet<string>
  /** `user:password`, which everybody has to show. */
  readonly credential: string
  /** Told what was refused, and what could not be reached, as a sentence. */
  readonly refused: (why: string) => void
}

/** A small HTTP proxy that listens nowhere: connections are given to it. */
export interface IndexProxy extends Disposable {
  take(connection: Duplex): void
}

/** An installer has a few dozen at most; each costs a socket here. */
const connectionsAtOnce = 100

/** As long as installers themselves wait for an answer. */
const connectMilliseconds = 20_000

/** Of one connection alone (RFC 9110 7.6.1), and what is meant for us. `host` is said anew. */
const ownOfHop = new Set(
  'connection keep-alive proxy-connection proxy-authorization proxy-authenticate te trailer transfer-encoding upgrade host expect'.split(
    ' ',
  ),
)

/**
 * `CONNECT` for https, so that TLS stays between installer and index, and absolute URLs for plain http: to the allowed places
 * alone, for whoever knows the credential. Everything else is refused with a sentence.
 */
export function indexProxy(settings: ProxySettings): IndexProxy {
  const agent = new Agent({ keepAlive: true, timeout: 60_000 })
  const open = new Set<Duplex>()
  const held = (stream: Duplex) => {
    open.add(stream)
    stream.on('error', () => undefined)
    stream.once('close', () => open.delete(stream))
  }
  const server = createServer((incoming, response) => {
    fetchFor(settings, agent, incoming, response).catch((error) => {
      const { status, reason, text } = refusal(settings, error)
      response.writeHead(status, reason, { 'content-type': 'text/plain; charset=utf-8', ...challenge(status) })
      response.end(`${text}\n`)
    })
  })
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    joined(settings, incoming, client, head, held).catch((error) => {
      const { status, reason, text } = refusal(settings, error)
      const headers = Object.entries(challenge(status)).map(([name, value]) => `${name}: ${value}\r\n`)
      const length = `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n`
      client.end(`HTTP/1.1 ${status} ${reason}\r\n${headers.join('')}${length}\r\n${text}`)
    })
  })
  server.on('clientError', (_error, client) => {
    if (client.writable) client.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
    else client.destroy()
  })
  return {
    take(connection) {
      if (open.size >= connectionsAtOnce) return void connection.destroy()
      held(connection)
      server.emit('connection', connection)
    },
    [Symbol.dispose]() {
      for (const stream of open) stream.destroy()
      agent.destroy()
      server.close()
    },
  }
}

async function joined(
  settings: ProxySettings,
  incoming: IncomingMessage,
  client: Duplex,
  head: Buffer,
  held: (stream: Duplex) => void,
): Promise<void> {
  admit(settings, incoming)
  const place = allow(settings, connectTarget(incoming.url ?? ''))
  const upstream = connect({ ...place, allowHalfOpen: true, noDelay: true })
  held(upstream)
  // Where it leaves while one still connects as well; a channel of SSH says so by this event alone.
  client.once('close', () => upstream.destroy())
  await connected(upstream, place)
  upstream.once('error', () => client.destroy())
  // What the client sends when nobody reads any more.
  upstream.once('close', () => client.resume())
  client.write('HTTP/1.1 200 Connection established\r\n\r\n')
  upstream.write(head)
  // Each side may end its half, and read on.
  client.pipe(upstream)
  upstream.pipe(client)
}

async function connected(socket: Socket, place: Destination): Promise<void> {
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer in ${connectMilliseconds / 1000} s`)),
    connectMilliseconds,
  )
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('the connection was closed')))
    })
  } catch (error) {
    throw unreached(place, error)
  } finally {
    clearTimeout(timer)
  }
}

async function fetchFor(
  settings: ProxySettings,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  admit(settings, incoming)
  const { method, rawHeaders } = incoming
  if (method !== 'GET' && method !== 'HEAD') {
    throw new DomainError('method-not-allowed', 'The proxy for installers takes GET, HEAD and CONNECT.')
  }
  const { path, ...place } = absoluteTarget(incoming.url ?? '')
  allow(settings, place)
  const headers = ['host', nameOf(place).replace(/:80$/, ''), ...passedOn(rawHeaders, incoming.headers.connection)]
  const asking = request({ ...place, path, method, agent, headers, timeout: connectMilliseconds })
  const leave = () => asking.destroy()
  response.once('close', leave)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve)
    asking.once('timeout', () => asking.destroy(new Error(`no answer in ${connectMilliseconds / 1000} s`)))
    asking.once('error', (error) => reject(unreached(place, error)))
    asking.end()
  })
  asking.on('error', () => response.destroy())
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    passedOn(answer.rawHeaders, answer.headers.connection),
  )
  // Cut short it must not look whole.
  answer.on('error', () => response.destroy())
  answer.pipe(response)
}

/** Names and values in turn. */
function passedOn(raw: readonly string[], connection = ''): string[] {
  const named = new Set(connection.toLowerCase().split(/\s*,\s*/))
  return raw.filter((_, at) => {
    const name = (raw[at - (at % 2)] ?? '').toLowerCase()
    return !ownOfHop.has(name) && !named.has(name)
  })
}

function admit({ credential }: ProxySettings, { headers }: IncomingMessage): void {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const shown = /^basic +(\S+)$/i.exec(headers['proxy-authorization'] ?? '')?.[1] ?? ''
  if (timingSafeEqual(digest(Buffer.from(shown, 'base64').toString()), digest(credential))) return
  throw new DomainError('authentication-required', 'This way to the index is for the installer of one deploy alone.')
}

function allow({ allowed }: ProxySettings, place: Destination): Destination {
  if (allowed.has(nameOf(place))) return place
  const text =
    `${nameOf(place)} is not among the indexes of the service, so that the worker does not lead there. ` +
    'Where installers need it, name it in the service: index_hosts.'
  throw new DomainError('permission-denied', text)
}

function unreached(place: Destination, error: unknown): DomainError {
  const text =
    `${nameOf(place)} cannot be reached from the worker: ${messageOf(error)}. With index_access: ssh it is the worker that has to ` +
    'reach the indexes, this one under its external_url as well.'
  return new DomainError('host-unreachable', text, {}, { cause: error })
}

interface Refusal {
  readonly status: number
  readonly reason: string
  readonly text: string
}

/** Installers show the reason at best: of what they get from a proxy they read no more. */
function refusal({ refused }: ProxySettings, error: unknown): Refusal {
  const text = messageOf(error)
  if (isDomainError(error, 'authentication-required')) {
    return { status: 407, reason: 'Proxy Authentication Required', text }
  }
  refused(text)
  if (isDomainError(error, 'permission-denied')) return { status: 403, reason: 'Not among the indexes', text }
  if (isDomainError(error, 'method-not-allowed')) return { status: 405, reason: 'Method Not Allowed', text }
  if (isDomainError(error, 'invalid-request')) return { status: 400, reason: 'Bad Request', text }
  return { status: 502, reason: 'Not reached from the worker', text }
}

function challenge(status: number): Readonly<Record<string, string>> {
  return status === 407 ? { 'proxy-authenticate': 'Basic realm="index"' } : {}
}
