import { chmod, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../objects/disk-sync.ts'
import { idOfToken, newTokenId, newTokenText } from './token.ts'
import type { Tokens } from './tokens.ts'

/**
 * The first start on an empty store makes one admin token, in a file that only the owner may read; never in a log. The
 * file is written before the token's document: a crash in between leaves a file that the next start makes valid.
 * Answers the file's path, or `undefined` where the store has tokens but no such file.
 */
export async function ensureAdminToken(folder: string, tokens: Tokens): Promise<string | undefined> {
  const path = join(folder, 'admin-token')
  const known = await tokens.list()
  const existing = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
  if (existing === undefined && known.length > 0) return undefined
  const text = existing ?? newTokenText(newTokenId())
  const id = idOfToken(text)
  if (id === undefined) return undefined
  if (existing === undefined) await writeSecret(path, folder, text)
  if (!known.some((token) => token.id === id)) {
    await tokens.create({ name: 'first admin', scopes: ['admin'], id, text })
  }
  return path
}

async function writeSecret(path: string, folder: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await chmod(temporary, 0o600)
    await file.writeFile(`${text}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(folder)
}
