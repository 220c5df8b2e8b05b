import type { Context, Next } from 'koa'
import { DomainError } from '../errors.ts'
import type { Authenticator, Identity } from '../identity/authenticate.ts'
import { allows, type Scope } from '../identity/scopes.ts'
import { parseProjectName } from '../packaging/names.ts'
import type { ClientAddress } from './client-address.ts'
import type { FailedAttempts } from './failed-attempts.ts'

export interface Access {
  readonly authenticator: Authenticator
  /** May anybody read the index? */
  readonly anonymousRead: boolean
  readonly failedAttempts: FailedAttempts
  readonly clientAddress: ClientAddress
}

/**
 * Who asks, if they may do it at least for some project. None or a bad token is 401 with a Basic challenge, which alone
 * makes pip look into netrc and keyring; a good token without the scope is 403.
 */
export async function identify(context: Context, access: Access, wanted: Scope): Promise<Identity> {
  const header = context.get('Authorization')
  if (header === '') {
    if (wanted === 'read' && access.anonymousRead)
      return { token: 'anonymous', name: 'anonymous', account: 'anonymous', scopes: ['read'] }
    throw new DomainError(
      'authentication-required',
      `A token is needed here, with scope ${wanted}. Send it as the password, with any user name (twine: -u __token__ -p whl_...).`,
    )
  }
  const identity = await access.authenticator.identify(header)
  if (identity === undefined) throw badToken(access.failedAttempts.count(access.clientAddress(context)))
  return permitted(identity, wanted)
}

/** Rejects with `permission-denied` unless the identity has the scope, for this project where one is named. */
export function permitted(identity: Identity, wanted: Scope, project?: string): Identity {
  if (allows(identity.scopes, wanted, project)) return identity
  const on = project === undefined || !allows(identity.scopes, wanted) ? '' : ` for "${project}"`
  const text = `The token "${identity.name}" has the scopes ${identity.scopes.join(', ')}, but this needs ${wanted}${on}.`
  throw new DomainError('permission-denied', text)
}

/** As a middleware. Where the path names a project, the scope must be granted for it. */
export function requireScope(access: Access, wanted: Scope) {
  return async (context: Context, next: Next): Promise<void> => {
    const identity = await identify(context, access, wanted)
    const raw: unknown = (context['params'] as Readonly<Record<string, unknown>> | undefined)?.['project']
    const project = typeof raw === 'string' ? parseProjectName(raw) : undefined
    if (project !== undefined) permitted(identity, wanted, project)
    context.state['identity'] = identity
    await next()
  }
}

/** Whom `requireScope` let through. */
export function identityOf(context: Context): Identity {
  return context.state['identity'] as Identity
}

function badToken(wait: number | undefined): DomainError {
  const text =
    'The token is not valid: unknown, expired or revoked. Ask an admin for a new one (wheelhouse token create).'
  if (wait === undefined) return new DomainError('authentication-required', text)
  const slower = `${text} There were too many such attempts from this address: wait ${wait} s before the next.`
  return new DomainError('too-many-attempts', slower, { retryAfterSeconds: wait })
}
