import type { Context } from 'koa'
import type { Actor } from '../audit/model.ts'
import type { Identity } from '../identity/authenticate.ts'

/** Who asks, as the audit keeps it. The header is cut: anybody may send any length of it. */
export function actorOf(context: Context, { token, name }: Identity): Actor {
  const from = (context.req.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
  const forwardedFor = context.get('X-Forwarded-For').slice(0, 200)
  return { token, name, from, ...(forwardedFor === '' ? {} : { forwardedFor }) }
}
