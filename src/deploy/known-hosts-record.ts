import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { DomainError, messageOf } from '../errors.ts'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'

/** Host keys that a person has trusted, as lines of a `known_hosts` file: one record for all workers. */
export const knownHostsDocument: DocumentType<readonly string[]> = {
  name: 'known hosts',
  format: 1,
  schema: z.array(z.string()),
}

/** All that is known of host keys: the file of the configuration, and what was trusted by command. Read anew each time. */
export function knownHostsIn(documents: Documents, file: string | undefined): () => Promise<string> {
  return async () => {
    const recorded = await documents.read(knownHostsDocument, keys.knownHosts)
    return [file === undefined ? '' : await textOf(file), ...(recorded?.value ?? [])].join('\n')
  }
}

/** Adds a line; with `instead` those that it takes the place of are gone. */
export async function recordHost(documents: Documents, line: string, instead: readonly string[] = []): Promise<void> {
  await documents.update(knownHostsDocument, keys.knownHosts, (lines = []) => {
    const kept = lines.filter((one) => !instead.includes(one))
    return kept.includes(line) && kept.length === lines.length
      ? undefined
      : [...kept.filter((one) => one !== line), line]
  })
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const text = `The known hosts in ${file} cannot be read: ${messageOf(error)}.`
    throw new DomainError('configuration', text, {}, { cause: error })
  }
}
