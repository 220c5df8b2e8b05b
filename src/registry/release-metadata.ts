import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { type ParsedMetadata, readCoreMetadata } from '../packaging/core-metadata.ts'
import type { FileRecord } from './model.ts'

type ReadMetadata = Extract<ParsedMetadata, { ok: true }>

/**
 * What a release says of itself, read from the metadata that was kept beside its files: the head of a project does not grow
 * with descriptions. Of a wheel if there is one, as nothing in it is left to be found out when it is built (PEP 643).
 * `undefined` where nothing was kept: source archives were accepted without, once.
 */
export async function releaseMetadata(
  store: ObjectStore,
  project: string,
  files: readonly FileRecord[],
): Promise<ReadMetadata | undefined> {
  const file = files.find(({ filetype }) => filetype === 'bdist_wheel') ?? files[0]
  if (file === undefined) return undefined
  const kept = await store.read(keys.fileMetadata(project, file.sha256, file.filename))
  if (kept === undefined || kept === 'unchanged') return undefined
  const read = readCoreMetadata(kept.body, file.filename)
  return read.ok ? read : undefined
}
