import type { Context, Next } from 'koa'

/** What may be read from scripts of other sites: the index and what it links to. */
const readable = /^\/(simple|\+simple|channels|files|pypi|projects)(\/|$)/

const exposed = 'ETag, Content-Range, Accept-Ranges, Content-Disposition, X-Request-Id'

/**
 * Lets scripts of the given origins read (https://fetch.spec.whatwg.org/#http-cors-protocol); `*` stands for all. Cookies
 * are no part of this server: a script has a token of its own, or may only see what anybody may.
 */
export function allowReading(origins: readonly string[]) {
  const all = origins.includes('*')
  return async (context: Context, next: Next): Promise<void> => {
    if (origins.length === 0 || !readable.test(context.path)) return await next()
    const { origin } = context.req.headers
    const allowed = all ? '*' : origins.find((one) => one === origin)
    // For all: set whoever asks, as a cache may keep the answer for the next.
    if (allowed !== undefined) context.set('Access-Control-Allow-Origin', allowed)
    if (allowed !== undefined && origin !== undefined) context.set('Access-Control-Expose-Headers', exposed)
    if (allowed !== undefined && isPreflight(context)) answerPreflight(context)
    else await next()
    if (!all) context.vary('Origin')
  }
}

function isPreflight(context: Context): boolean {
  return context.method === 'OPTIONS' && ['GET', 'HEAD'].includes(context.get('Access-Control-Request-Method'))
}

function answerPreflight(context: Context): void {
  context.set({
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Authorization, If-None-Match, If-Modified-Since, If-Range, Range',
    'Access-Control-Max-Age': '86400',
  })
  context.status = 204
}
