import type { Context, Next } from 'koa'
import { DomainError } from '../errors.ts'
import type { Authenticator, Identity } from '../identity/authenticate.ts'
import { allows, type Scope } from '../identity/scopes.ts'

export interface Access {
  readonly authenticator: Authenticator
  /** May anybody read the index? */
  readonly anonymousRead: boolean
}

/**
 * Who asks, if they may do it. None or a bad token is 401 with a Basic challenge, which alone makes pip look into netrc
 * and keyring; a good token without the scope is 403.
 */
export async function identify(context: Context, access: Access, wanted: Scope): Promise<Identity> {
  const header = context.get('Authorization')
  if (header === '') {
    if (wanted === 'read' && access.anonymousRead) return { token: 'anonymous', name: 'anonymous', scopes: ['read'] }
    throw new DomainError(
      'authentication-required',
      `A token is needed here, with scope ${wanted}. Send it as the password, with any user name (twine: -u __token__ -p whl_...).`,
    )
  }
  const identity = await access.authenticator.identify(header)
  if (identity === undefined) {
    throw new DomainError(
      'authentication-required',
      'The token is not valid: unknown, expired or revoked. Ask an admin for a new one (wheelhouse token create).',
    )
  }
  if (!allows(identity.scopes, wanted)) {
    const text = `The token "${identity.name}" has the scopes ${identity.scopes.join(', ')}, but this needs ${wanted}.`
    throw new DomainError('permission-denied', text)
  }
  return identity
}

/** As a middleware, for routes that only read. */
export function requireScope(access: Access, wanted: Scope) {
  return async (context: Context, next: Next): Promise<void> => {
    context.state['identity'] = await identify(context, access, wanted)
    await next()
  }
}
