import type { Context } from 'koa'
import type { PageFormat } from '../registry/pages.ts'

export interface SimpleType {
  readonly contentType: string
  readonly format: PageFormat
}

/** Media types of the simple API (PEP 691), with the `latest` aliases, which are answered with the type they stand for. */
const types: Readonly<Record<string, SimpleType>> = {
  'text/html': { contentType: 'text/html; charset=utf-8', format: 'html' },
  'application/vnd.pypi.simple.v1+html': { contentType: 'application/vnd.pypi.simple.v1+html', format: 'html' },
  'application/vnd.pypi.simple.latest+html': { contentType: 'application/vnd.pypi.simple.v1+html', format: 'html' },
  'application/vnd.pypi.simple.v1+json': { contentType: 'application/vnd.pypi.simple.v1+json', format: 'json' },
  'application/vnd.pypi.simple.latest+json': { contentType: 'application/vnd.pypi.simple.v1+json', format: 'json' },
}
const names = Object.keys(types)
const html: SimpleType = { contentType: 'text/html; charset=utf-8', format: 'html' }

/**
 * The type to answer with. Clients send a handful of Accept headers millions of times, so what was once worked out is
 * remembered, up to a bound. Where nothing fits, HTML, as PyPI does: PEP 691 leaves that to the server.
 */
export function simpleNegotiation(): (context: Context) => SimpleType {
  const known = new Map<string, SimpleType>()
  return (context) => {
    const accept = context.req.headers.accept ?? ''
    const remembered = known.get(accept)
    if (remembered !== undefined) return remembered
    const type = types[String(context.accepts(...names))] ?? html
    if (known.size < 200) known.set(accept, type)
    return type
  }
}

/** Is gzip acceptable (RFC 9110 12.5.3)? */
export function acceptsGzip(context: Context): boolean {
  const header = context.req.headers['accept-encoding']
  if (typeof header !== 'string' || !header.includes('gzip')) return false
  return !/gzip\s*;\s*q=0(\.0*)?\s*(,|$)/.test(header)
}
