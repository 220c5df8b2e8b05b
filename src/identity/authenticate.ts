import type { Clock } from '../clock.ts'
import type { FreshDocuments } from '../objects/fresh-documents.ts'
import { keys } from '../objects/keys.ts'
import type { Scope } from './scopes.ts'
import { hashOfToken, idOfToken, isAlive, sameHash, tokenDocument } from './token.ts'

/** Who asks. */
export interface Identity {
  /** Id of the token; `admin` for the one given by configuration. */
  readonly token: string
  readonly name: string
  readonly scopes: readonly Scope[]
}

export interface Authenticator {
  /**
   * Whom an `Authorization` header (RFC 9110 11.6.2) stands for: the token as Basic password with any user name
   * (twine, pip), as Bearer, or in PyPI's own scheme `token`. `undefined` when it is no living token of ours.
   */
  identify(authorization: string): Promise<Identity | undefined>
}

/** `adminToken`: a token given by configuration, which needs no document. */
export function authenticator(fresh: FreshDocuments, clock: Clock, adminToken?: string): Authenticator {
  const adminHash = adminToken === undefined ? undefined : hashOfToken(adminToken)
  return {
    async identify(authorization) {
      const text = tokenIn(authorization)
      if (text === undefined) return undefined
      const hash = hashOfToken(text)
      if (adminHash !== undefined && sameHash(hash, adminHash)) {
        return { token: 'admin', name: 'admin', scopes: ['admin'] }
      }
      const id = idOfToken(text)
      if (id === undefined) return undefined
      const found = (await fresh.get(tokenDocument, keys.token(id)))?.value
      if (found === undefined || !sameHash(found.hash, hash) || !isAlive(found, clock.now())) return undefined
      return { token: found.id, name: found.name, scopes: found.scopes }
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
