import type { Context } from 'koa'
import type { Actor } from '../audit/model.ts'
import { type Access, identityOf } from './authentication.ts'

/** Who asks, as the audit keeps it. */
export function actorOf(context: Context, access: Access): Actor {
  const { token, name } = identityOf(context)
  return { token, name, from: access.clientAddress(context) }
}
