import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'
import { type Grant, isGrant } from './scopes.ts'

/** What the store knows of a token: never the secret itself. `tokens/<id>.json`. */
export interface Token {
  readonly id: string
  /** For people: "jenkins", "laptop of Ada". */
  readonly name: string
  /** Who uses it, where several belong to one person; else its name stands for whoever that is. */
  readonly user?: string | undefined
  /** SHA-256 of the whole token text, hex. The secret has 256 bits of its own, so a slow hash would add nothing. */
  readonly hash: string
  readonly scopes: readonly Grant[]
  /** ISO 8601 times. */
  readonly createdAt: string
  readonly expiresAt?: string | undefined
  readonly revokedAt?: string | undefined
  /** UTC, by the day: enough to find those that nobody needs, and one write a day. */
  readonly lastUsedOn?: string | undefined
}

export const tokenDocument: DocumentType<Token> = {
  name: 'token',
  format: 1,
  schema: z.object({
    id: z.string(),
    name: z.string(),
    user: z.string().optional(),
    hash: z.string(),
    scopes: z.array(z.string().refine(isGrant)),
    createdAt: z.string(),
    expiresAt: z.string().optional(),
    revokedAt: z.string().optional(),
    lastUsedOn: z.string().optional(),
  }),
}

const form = /^whl_([0-9a-z]{20})_([A-Za-z0-9_-]{43})$/

/** `whl_<id>_<secret>`: the id finds the document, the prefix lets secret scanners know a leaked one. */
export function newTokenText(id: string): string {
  return `whl_${id}_${randomBytes(32).toString('base64url')}`
}

export function newTokenId(): string {
  return randomBytes(10).toString('hex')
}

export function idOfToken(text: string): string | undefined {
  return form.exec(text)?.[1]
}

export function hashOfToken(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** In constant time, as both are hex digests of the same length. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** The person, or the machine, that a token stands for. */
export function accountOf({ name, user = name }: Pick<Token, 'name' | 'user'>): string {
  return user
}

export function isAlive(token: Pick<Token, 'expiresAt' | 'revokedAt'>, now: number): boolean {
  if (token.revokedAt !== undefined) return false
  return token.expiresAt === undefined || Date.parse(token.expiresAt) > now
}
