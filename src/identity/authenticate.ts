import type { Clock } from '../clock.ts'
import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import type { Grant } from './scopes.ts'
import { accountOf, hashOfToken, idOfToken, isAlive, sameHash, type Token, tokenDocument } from './token.ts'

/** Who asks. */
export interface Identity {
  /** Id of the token; `admin` for the one given by configuration. */
  readonly token: string
  readonly name: string
  /** Whose token that is; its name where nobody is named. */
  readonly account: string
  readonly scopes: readonly Grant[]
  /** Milliseconds since the epoch; absent where it lives for ever. */
  readonly expiresAt?: number
}

export interface Authenticator {
  /**
   * Whom an `Authorization` header (RFC 9110 11.6.2) stands for: the token as Basic password with any user name
   * (twine, pip), as Bearer, or in PyPI's own scheme `token`. `undefined` when it is no living token of ours.
   */
  identify(authorization: string): Promise<Identity | undefined>
}

/**
 * `adminToken`: a token given by configuration, which needs no document. `used` is told of every token that is seen for
 * the first time on a day; nobody waits for it.
 */
export function authenticator(
  fresh: FreshDocuments,
  clock: Clock,
  used: (token: Token) => void,
  adminToken?: string,
): Authenticator {
  const adminHash = adminToken === undefined ? undefined : hashOfToken(adminToken)
  const told = new Map<string, number>()

  function tellOnce(token: Token): void {
    const day = Math.floor(clock.now() / 86_400_000)
    if (told.get(token.id) === day) return
    if (told.size >= 10_000) told.clear()
    told.set(token.id, day)
    used(token)
  }

  return {
    async identify(authorization) {
      const text = tokenIn(authorization)
      if (text === undefined) return undefined
      const hash = hashOfToken(text)
      if (adminHash !== undefined && sameHash(hash, adminHash)) {
        return { token: 'admin', name: 'admin', account: 'admin', scopes: ['admin'] }
      }
      const id = idOfToken(text)
      if (id === undefined) return undefined
      const found = (await fresh.get(tokenDocument, keys.token(id)))?.value
      if (found === undefined || !sameHash(found.hash, hash) || !isAlive(found, clock.now())) return undefined
      tellOnce(found)
      const { name, scopes, expiresAt } = found
      const account = accountOf(found)
      return {
        token: id,
        name,
        account,
        scopes,
        ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
      }
    },
  }
}

function tokenIn(authorization: string): string | undefined {
  const [, scheme, value] = /^(basic|bearer|token) +(\S+) *$/i.exec(authorization) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() !== 'basic') return value
  const pair = Buffer.from(value, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  // pip takes «https://TOKEN@host/» as a user name without a password.
  return colon === -1 ? undefined : pair.slice(colon + 1) || pair.slice(0, colon)
}
