import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DomainError } from '../errors.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { CopyPorts } from './copy.ts'
import { digestOf } from './digest.ts'

type Ports = Pick<CopyPorts, 'source' | 'target' | 'scratch'>

/** Bytes below `files/`: their key names their digest, that of metadata is taken on the way. True where they were copied. */
export async function copyBytes(ports: Ports, key: string): Promise<boolean> {
  const { source, target, scratch } = ports
  const there = await digestOf(target, key)
  const wanted = digestIn(key) ?? (await digestOf(source, key))?.sha256
  if (there !== undefined && there.sha256 === wanted) return false
  const path = join(scratch, randomUUID())
  try {
    const sha256 = await download(source, key, path)
    if (sha256 !== wanted) throw damaged(key)
    if (there !== undefined) await target.delete(key)
    await target.writeFile(key, path, sha256)
    if ((await digestOf(target, key))?.sha256 !== sha256) throw unlike(key)
  } finally {
    await rm(path, { force: true })
  }
  return true
}

/** `undefined` for metadata, whose digest stands in records alone. */
function digestIn(key: string): string | undefined {
  const [, , sha256, name = ''] = key.split('/')
  if (name.endsWith('.metadata')) return undefined
  return name.startsWith('provenance-') ? name.slice('provenance-'.length) : sha256
}

async function download(source: ObjectStore, key: string, path: string): Promise<string> {
  const hash = createHash('sha256')
  const digesting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const { stream } = await source.open(key)
  await pipeline(stream, digesting, createWriteStream(path))
  return hash.digest('hex')
}

/** A document goes over byte for byte, with its serial: fences and versions only grow. True where it was copied. */
export async function copyDocument({ source, target }: Ports, key: string): Promise<boolean> {
  const [from, there] = [await bodyOf(source, key), await target.read(key)]
  if (from === undefined) return false
  if (typeof there === 'object' && there.body.equals(from)) return false
  const written = await target.write(key, from, typeof there === 'object' ? { version: there.version } : 'absent')
  if (!written.ok || (await bodyOf(target, key))?.equals(from) !== true) throw unlike(key)
  return true
}

async function bodyOf(store: ObjectStore, key: string): Promise<Buffer | undefined> {
  const found = await store.read(key)
  return typeof found === 'object' ? found.body : undefined
}

function damaged(key: string): DomainError {
  const text = `«${key}» in the source does not have the bytes that were accepted. See «wheelhouse fsck» on the source first.`
  return new DomainError('document-corrupt', text, { key })
}

function unlike(key: string): DomainError {
  const text = `«${key}» reads otherwise in the target than it was written. Does somebody else write there?`
  return new DomainError('storage-unfit', text, { key })
}
