import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isDomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { type AcceptedArchive, inspectArchive } from '../registry/inspection.ts'
import type { FileRecord } from '../registry/model.ts'
import { digestOf } from './digest.ts'
import type { ProvenFile } from './proof.ts'

/** Reads a file of the store as an upload was read; `undefined` where it is gone or no archive that we accept. */
export async function readArchive(
  store: ObjectStore,
  key: string,
  scratch: string,
): Promise<AcceptedArchive | undefined> {
  const filename = key.split('/').at(-1) ?? ''
  const path = join(scratch, randomUUID())
  try {
    const { stream } = await store.open(key)
    await pipeline(stream, createWriteStream(path))
    const inspection = await inspectArchive(path, filename)
    return inspection.ok ? inspection : undefined
  } catch (error) {
    if (isDomainError(error, 'file-not-found')) return undefined
    throw error
  } finally {
    await rm(path, { force: true })
  }
}

/** The record of a file that was committed, made anew from its bytes, where they are those that were committed. */
export async function rebuildRecord(store: ObjectStore, project: string, proven: ProvenFile, scratch: string) {
  const { filename, version, sha256, at, by } = proven
  const key = keys.file(project, sha256, filename)
  const found = await digestOf(store, key)
  if (found?.sha256 !== sha256) return undefined
  const archive = await readArchive(store, key, scratch)
  if (archive === undefined) return undefined
  const record: FileRecord = {
    filename,
    version,
    filetype: filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
    size: found.size,
    sha256,
    requiresPython: archive.metadata.requiresPython,
    metadataSha256: archive.metadataSha256,
    provenanceSha256: await wholeProvenance(store, project, proven),
    uploadedAt: at,
    uploadedBy: by,
  }
  return { record, displayName: archive.metadata.name }
}

/** The digest of the attestations that were committed, where they are there as they were: pages name no others. */
async function wholeProvenance(store: ObjectStore, project: string, { sha256, provenanceSha256 }: ProvenFile) {
  if (provenanceSha256 === undefined) return undefined
  const found = await digestOf(store, keys.fileProvenance(project, sha256, provenanceSha256))
  return found?.sha256 === provenanceSha256 ? provenanceSha256 : undefined
}
