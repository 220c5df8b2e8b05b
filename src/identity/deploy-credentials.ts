import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { newTokenText, type Token } from './token.ts'
import type { Tokens } from './tokens.ts'

const namePrefix = 'deploy '
const lifetime = 6 * 60 * 60 * 1000

/** Tokens with which the nodes of one deploy read the index: one per worker that carries it, gone after the deploy. */
export function deployCredentials(store: ObjectStore, tokens: Tokens, clock: Clock) {
  return {
    /** For Basic: any user name will do, this one shows in access logs. */
    async issue(deploy: string, fence: number): Promise<{ login: string; password: string }> {
      const id = `${prefixFor(deploy)}${fence.toString(36).padStart(4, '0').slice(-4)}`
      const { text } = await tokens.create({
        name: `${namePrefix}${deploy}`,
        scopes: ['read'],
        expiresAt: new Date(clock.now() + lifetime).toISOString(),
        id,
        text: newTokenText(id),
      })
      return { login: '__token__', password: text }
    },
    async revoke(deploy: string): Promise<void> {
      for await (const { key } of store.list(`${keys.tokenPrefix}${prefixFor(deploy)}`)) {
        await tokens.remove(key.slice(keys.tokenPrefix.length, -'.json'.length))
      }
    },
  }
}

/** Whether it was made here, and not by hand. */
export function isOfDeploy({ id, name }: Pick<Token, 'id' | 'name'>): boolean {
  return name.startsWith(namePrefix) && id.startsWith(prefixFor(name.slice(namePrefix.length)))
}

/** Found again from the deploy's id alone, by whichever worker ends it. */
function prefixFor(deploy: string): string {
  return createHash('sha256').update(deploy).digest('hex').slice(0, 16)
}
