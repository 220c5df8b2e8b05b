import type { Context } from 'koa'
import type { Actor } from '../audit/model.ts'
import { type Access, identityOf } from './authentication.ts'

/** Who asks, as the audit keeps it. */
export function actorOf(context: Context, access: Access, identity = identityOf(context)): Actor {
  return { token: identity.token, name: identity.name, from: access.clientAddress(context) }
}
