import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { DomainError, messageOf } from '../errors.ts'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type KnownHosts, parseKnownHosts } from './ssh/known-hosts.ts'

/** Host keys that a person has trusted, as lines of a `known_hosts` file: one record for all workers. */
export const knownHostsDocument: DocumentType<readonly string[]> = {
  name: 'known hosts',
  format: 1,
  schema: z.array(z.string()),
}

/** All that is known of host keys: the file of the configuration, and what was trusted by command. */
export function knownHostsIn(documents: Documents, file: string | undefined): KnownHosts {
  return async () => {
    const recorded = await documents.read(knownHostsDocument, keys.knownHosts)
    const ofFile = file === undefined ? [] : parseKnownHosts(await textOf(file), file)
    return [...ofFile, ...parseKnownHosts((recorded?.value ?? []).join('\n'))]
  }
}

/** Adds a line in the place of what was recorded under the same name. */
export async function recordHost(documents: Documents, line: string): Promise<void> {
  const nameOf = (one: string) => one.split(' ')[0]
  await documents.update(knownHostsDocument, keys.knownHosts, (lines = []) => {
    const kept = lines.filter((one) => nameOf(one) !== nameOf(line))
    return kept.length === lines.length - 1 && lines.includes(line) ? undefined : [...kept, line]
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
