import Router from '@koa/router'
import { z } from 'zod'
import type { Audit } from '../audit/audit.ts'
import type { Actor } from '../audit/model.ts'
import type { Clock } from '../clock.ts'
import { parseGrant } from '../identity/scopes.ts'
import { isAlive, type Token } from '../identity/token.ts'
import type { Tokens } from '../identity/tokens.ts'
import { actorOf } from './actor.ts'
import { type Access, requireScope } from './authentication.ts'
import { parsed, readJson } from './request-body.ts'

const grant = z.string().transform((text, context) => {
  const result = parseGrant(text)
  if ('grant' in result) return result.grant
  context.addIssue(result.problem)
  return z.NEVER
})

export const newTokenSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Who uses it: of several tokens of one person one approval counts. The name where left out. */
  user: z.string().min(1).max(100).optional(),
  scopes: z.array(grant).min(1).max(100),
  /** For ever when left out. */
  expires_in_days: z.number().positive().max(36_500).optional(),
})

export interface TokenRoutesPorts {
  readonly tokens: Tokens
  readonly clock: Clock
  readonly audit: Audit
}

/** `/tokens`, for admins: make, list and revoke tokens without a shell on the server. */
export function tokenRoutes({ tokens, clock, audit }: TokenRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const admin = requireScope(access, 'admin')

  router.get('/tokens', admin, async (context) => {
    const all = await tokens.list()
    context.body = { tokens: all.map((token) => viewOf(token, clock.now())) }
  })
  router.post('/tokens', admin, readJson(), async (context) => {
    const { name, user, scopes, expires_in_days: days } = parsed(newTokenSchema, context.request.body ?? {}, 'The body')
    const expiresAt = days === undefined ? undefined : new Date(clock.now() + days * 86_400_000).toISOString()
    const made = await tokens.create({
      name,
      scopes,
      ...(user && { user }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    await audit.record({
      ...tokenEvent('token-create', made.token, actorOf(context, access)),
      after: { name, user, scopes, expiresAt },
    })
    context.status = 201
    context.set('Cache-Control', 'no-store')
    // The only time that the text is seen: it is kept nowhere.
    context.body = { ...viewOf(made.token, clock.now()), token: made.text }
  })
  router.delete('/tokens/:id', admin, async (context) => {
    const token = await tokens.revoke(String(context.params['id']))
    const event = tokenEvent('token-revoke', token, actorOf(context, access))
    await audit.record({ ...event, before: { name: token.name } })
    context.body = viewOf(token, clock.now())
  })
  return router
}

function tokenEvent(action: string, { id }: Token, actor: Actor) {
  return { action, actor, subject: id, outcome: 'done' } as const
}

function viewOf({ id, name, user, scopes, createdAt, expiresAt, revokedAt, lastUsedOn }: Token, now: number) {
  const alive = isAlive({ expiresAt, revokedAt }, now)
  return { id, name, user, scopes, alive, createdAt, expiresAt, revokedAt, lastUsedOn }
}
