import type { Context } from 'koa'
import type { Coding } from '../registry/compression.ts'
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

/** What to answer with: the type, and the coding of its bytes if any. */
export interface Negotiated extends SimpleType {
  readonly coding: Coding | undefined
}

/**
 * Works out both. Clients send a handful of headers millions of times, so what was once worked out is remembered, up to
 * a bound. Where no type fits, HTML, as PyPI does: PEP 691 leaves that to the server.
 */
export function simpleNegotiation(codings: readonly Coding[]): (context: Context) => Negotiated {
  const known = new Map<string, Negotiated>()
  return (context) => {
    const { accept = '', 'accept-encoding': encoding = '' } = context.req.headers
    const asked = `${accept}\n${String(encoding)}`
    const remembered = known.get(asked)
    if (remembered !== undefined) return remembered
    const type = types[String(context.accepts(...names))] ?? html
    const negotiated = { ...type, coding: chooseCoding(String(encoding), codings) }
    if (known.size < 200) known.set(asked, negotiated)
    return negotiated
  }
}

/** The same for the coding alone. */
export function codingNegotiation(codings: readonly Coding[]): (context: Context) => Coding | undefined {
  return (context) => chooseCoding(String(context.req.headers['accept-encoding'] ?? ''), codings)
}

/**
 * The coding that a client likes best, by RFC 9110 12.5.3: the first of ours among equals, `undefined` for none. One that
 * accepts nothing at all gets the bytes as they are.
 */
export function chooseCoding(header: string, codings: readonly Coding[]): Coding | undefined {
  const weights = new Map(header.split(',').map(weighted))
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0
  const [best] = codings.filter((coding) => weightOf(coding) > 0).sort((a, b) => weightOf(b) - weightOf(a))
  const plain = weights.get('identity') ?? 0
  return best === undefined || plain > weightOf(best) ? undefined : best
}

function weighted(part: string): [string, number] {
  const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
  const weight = parameters.find((text) => text.startsWith('q='))?.slice(2)
  // RFC 9110 8.4.1.3: «x-gzip» is gzip.
  return [name.replace(/^x-gzip$/, 'gzip'), weight === undefined ? 1 : Number(weight) || 0]
}
