import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { channelsDocument } from './model.ts'

/** Files of a project that a channel points at now, each with that channel. */
export function neededFilesIn(documents: Documents) {
  return async (project: string): Promise<ReadonlyMap<string, string>> => {
    const channels = (await documents.read(channelsDocument, keys.channels(project)))?.value ?? {}
    const pairs = Object.entries(channels).flatMap(([channel, history]) =>
      (history.at(-1)?.files ?? []).map(({ filename }): [string, string] => [filename, channel]),
    )
    return new Map(pairs)
  }
}
