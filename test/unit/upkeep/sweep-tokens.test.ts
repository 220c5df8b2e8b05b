import { expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { deployCredentials } from '../../../src/identity/deploy-credentials.ts'
import { tokensIn } from '../../../src/identity/tokens.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { sweepTokens } from '../../../src/upkeep/sweep-tokens.ts'

it('sweeping takes tokens that were made for nodes and have expired, and none that was made by hand', async () => {
  const store = new MemoryStore()
  const documents = documentsOn(store)
  const tokens = tokensIn(documents, systemClock)
  await deployCredentials(store, tokens, systemClock).issue('web.production.1', 7)
  const expiresAt = new Date(systemClock.now() + 1_000).toISOString()
  await tokens.create({ name: 'deploy web.production.1', scopes: ['read'], expiresAt })
  const later = { ...systemClock, now: () => systemClock.now() + 86_400_000 }
  expect(await sweepTokens({ documents, clock: systemClock }, false)).toEqual([])
  expect(await sweepTokens({ documents, clock: later }, true)).toMatchObject([{ why: 'token' }])
  expect((await tokens.list()).length).toBe(2)
  expect(await sweepTokens({ documents, clock: later }, false)).toMatchObject([{ why: 'token' }])
  expect(await tokens.list()).toMatchObject([{ name: 'deploy web.production.1', expiresAt }])
})
