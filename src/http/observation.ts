import { randomUUID } from 'node:crypto'
import type { Context, Next } from 'koa'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../observe/metrics.ts'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])
const methods = new Set([...reading, 'POST', 'PUT', 'DELETE'])

/** Counts every request, gives it an id, and logs those that change something or fail. Never the query, never headers. */
export function observe(metrics: Metrics, log: Pick<Log, 'info'>, clock: Clock) {
  return async (context: Context, next: Next): Promise<void> => {
    const started = clock.monotonic()
    const id = requestId(context.req.headers['x-request-id'])
    context.state['requestId'] = id
    context.set('X-Request-Id', id)
    // Where a route says nothing else: an answer is never kept without asking again, nor taken for another type.
    context.set({ 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
    await next()
    const { method, status } = context
    const seconds = (clock.monotonic() - started) / 1000
    const known = methods.has(method) ? method : 'other'
    metrics.request(known, routeOf(context), status, seconds)
    if (reading.has(known) && !isTrouble(context)) return
    const fields = {
      request: id,
      method: known,
      path: context.path.slice(0, 300),
      status,
      seconds,
      token: nameOf(context),
    }
    log.info(`${known} ${fields.path} ${status}`, fields)
  }
}

/** Also of reading: what failed here, and who was let in nowhere. pip asks without a token first, and is no news. */
function isTrouble({ status, req }: Context): boolean {
  return (
    status >= 500 || status === 403 || status === 429 || (status === 401 && req.headers.authorization !== undefined)
  )
}

/** One that a proxy gave, so that its log and ours speak of the same; it must look like one. */
export function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID()
}

/** The pattern, not the path: there are as many paths as there are files. */
export function routeOf(context: Context): string {
  const route: unknown = context['_matchedRoute']
  if (typeof route !== 'string') return 'none'
  return route.includes('\\') ? route.replaceAll('\\', '') : route
}

function nameOf(context: Context): string | undefined {
  const identity: unknown = context.state['identity']
  const named = typeof identity === 'object' && identity !== null && 'name' in identity
  return named ? String(identity.name) : undefined
}
