import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { DomainError, messageOf } from '../errors.ts'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type KnownHost, type KnownHosts, parseKnownHosts } from './ssh/known-hosts.ts'

/** Host keys that a person has trusted, as lines of a `known_hosts` file: one record for all workers. */
export const knownHostsDocument: DocumentType<readonly string[]> = {
  name: 'known hosts',
  format: 1,
  schema: z.array(z.string()),
}

/** All that is known of host keys: the file of the configuration, and what was trusted by command. */
export function knownHostsIn(documents: Documents, file: string | undefined): KnownHosts {
  const [ofFile, ofRecord] = [parsedOnce(file), parsedOnce()]
  return together(async () => {
    const recorded = await documents.read(knownHostsDocument, keys.knownHosts)
    const text = file === undefined ? '' : await textOf(file)
    return [...ofFile(text), ...ofRecord((recorded?.value ?? []).join('\n'))]
  })
}

/** A deploy connects to hundreds of hosts, and the text is mostly the same. */
function parsedOnce(file?: string): (text: string) => readonly KnownHost[] {
  let last: { readonly text: string; readonly hosts: readonly KnownHost[] } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, hosts: parseKnownHosts(text, file) }
    return last.hosts
  }
}

/**
 * Whoever asks while an answer is under way shares the next one: that which is under way may be older than the question, and a key
 * that a person has just trusted is to be known.
 */
function together<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<unknown> | undefined
  let next: Promise<T> | undefined
  const begin = async () => {
    const answer = ask()
    asking = answer
    return await answer.finally(() => {
      if (asking === answer) asking = undefined
    })
  }
  return () => {
    if (asking === undefined) return begin()
    next ??= asking
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        next = undefined
        return begin()
      })
    return next
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
