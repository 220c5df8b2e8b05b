import { DomainError } from '../../errors.ts'

/** `host:port`, as `node:net` takes them and as sets compare them. */
export interface Destination {
  readonly host: string
  readonly port: number
}

/** What a service lets its nodes reach through the worker: its indexes, and the further hosts that it names (443 where they name no port). */
export function reachable(indexes: readonly string[], hosts: readonly string[]): ReadonlySet<string> {
  const places = [
    ...indexes.map((url) => placeOf(new URL(url))),
    ...hosts.map((host) => placeOf(new URL(`https://${host}`))),
  ]
  return new Set(places.map(nameOf))
}

export function nameOf({ host, port }: Destination): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Of `CONNECT host:port`. Both sides are read by one parser, so that no spelling of an address is another host. */
export function connectTarget(text: string): Destination {
  if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(text)) throw bad('expected CONNECT host:port')
  return placeOf(parsed(`https://${text}`))
}

/** Of `GET http://host/path`. */
export function absoluteTarget(text: string): Destination & { readonly path: string } {
  const url = parsed(text)
  if (url.protocol !== 'http:') throw bad('expected an absolute http:// URL; https goes by CONNECT')
  if (url.username !== '' || url.password !== '') throw bad('credentials have no place in a URL')
  return { ...placeOf(url), path: `${url.pathname}${url.search}` }
}

function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') throw bad('expected CONNECT host:port or an absolute http:// URL')
  return url
}

function bad(why: string): DomainError {
  return new DomainError('invalid-request', `The proxy for installers cannot do that: ${why}.`)
}

/** A port that is the protocol's own stands in no URL. */
function placeOf({ protocol, hostname, port }: URL): Destination {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return { host, port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) }
}
