import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { Grant } from './scopes.ts'
import { hashOfToken, newTokenId, newTokenText, type Token, tokenDocument } from './token.ts'

export interface Tokens {
  /** Makes a token. The text is in this answer and nowhere else; `id` and `text` are given where a token is known already. */
  create(request: TokenRequest): Promise<{ readonly token: Token; readonly text: string }>
  list(): Promise<readonly Token[]>
  /** Dead at once in this process, within five seconds in all others. Rejects with `not-found`. */
  revoke(id: string): Promise<Token>
  /** Dead like a revoked one, and nothing is left of it: for tokens that nobody made by hand. */
  remove(id: string): Promise<void>
  /** Notes the day of a use. */
  used(id: string): Promise<void>
}

export interface TokenRequest {
  readonly name: string
  readonly user?: string
  readonly scopes: readonly Grant[]
  readonly expiresAt?: string
  readonly id?: string
  readonly text?: string
}

/** Teams make hundreds, and deploys had thousands: one after the other they would take minutes on S3. */
const readAtOnce = 32

export function tokensIn(documents: Documents, clock: Clock): Tokens {
  return {
    async create(request) {
      const id = request.id ?? newTokenId()
      const text = request.text ?? newTokenText(id)
      const token: Token = {
        id,
        name: request.name,
        ...(request.user === undefined ? {} : { user: request.user }),
        hash: hashOfToken(text),
        scopes: request.scopes,
        createdAt: new Date(clock.now()).toISOString(),
        expiresAt: request.expiresAt,
      }
      await documents.update(tokenDocument, keys.token(id), () => token)
      return { token, text }
    },
    async list() {
      const known: string[] = []
      for await (const { key } of documents.store.list(keys.tokenPrefix)) known.push(key)
      const found: Token[] = []
      for (let at = 0; at < known.length; at += readAtOnce) {
        const some = known.slice(at, at + readAtOnce).map((key) => documents.read(tokenDocument, key))
        for (const token of await Promise.all(some)) if (token !== undefined) found.push(token.value)
      }
      return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt))
    },
    async used(id) {
      const lastUsedOn = new Date(clock.now()).toISOString().slice(0, 10)
      await documents.update(tokenDocument, keys.token(id), (current) =>
        current === undefined || current.lastUsedOn === lastUsedOn ? undefined : { ...current, lastUsedOn },
      )
    },
    async remove(id) {
      await documents.store.delete(keys.token(id))
    },
    async revoke(id) {
      const revokedAt = new Date(clock.now()).toISOString()
      const token = await documents.update(tokenDocument, keys.token(id), (current) =>
        current === undefined || current.revokedAt !== undefined ? undefined : { ...current, revokedAt },
      )
      if (token !== undefined) return token.value
      throw new DomainError('not-found', `There is no token «${id}». «wheelhouse token list» shows their ids.`, { id })
    },
  }
}
