import { mkdir } from 'node:fs/promises'
import type { Config, S3StoreConfig } from './config/config.ts'
import { Disposals } from './disposal.ts'
import { DomainError } from './errors.ts'
import { proveConditionalWrites } from './objects/conditional-writes-proof.ts'
import { DiskStore } from './objects/disk-store.ts'
import { diskWriterThreads } from './objects/disk-writing/threads.ts'
import { documentsOn } from './objects/documents.ts'
import { folderIsOwned, ownFolder, shortPath, socketIn } from './objects/folder-owner.ts'
import { keys } from './objects/keys.ts'
import type { ObjectStore } from './objects/object-store.ts'
import type { S3Settings } from './objects/s3-clients.ts'
import { serveStore } from './objects/socket-server.ts'
import { SocketStore } from './objects/socket-store.ts'
import { raiseStoreFormat, refuseNewerStore } from './objects/store-format.ts'

/** While one waits for the disk, the other writes. */
const writingThreads = 2

export interface OpenStore extends AsyncDisposable {
  readonly store: ObjectStore
}

/**
 * Opens the configured store. `own`: as a server, which must be a storage folder's only process. `share`: as a command,
 * which goes through the socket of the server that owns the folder, or owns it for a moment where none runs. `writing` is
 * the compiled `objects/disk-writing/thread.ts`, for those whose own thread must not wait for the disk.
 */
export async function openStore(config: Config, mode: 'own' | 'share', writing?: URL): Promise<OpenStore> {
  await using disposals = new Disposals()
  const { store } = disposals.use(await openLocation(config.store, mode, writing))
  await refuseUnfinishedCopy(store)
  const documents = documentsOn(store)
  await refuseNewerStore(documents)
  if (mode === 'own') await raiseStoreFormat(documents)
  const owned = disposals.move()
  return { store, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

/** Whatever is in it. */
export async function openLocation(
  location: Config['store'],
  mode: 'own' | 'share',
  writing?: URL,
): Promise<OpenStore> {
  if (location.kind === 's3') return await openS3(location, mode)
  const { folder } = location
  await mkdir(folder, { recursive: true })
  if (mode === 'share' && (await folderIsOwned(folder))) return await throughSocket(folder)
  return await openFolder(folder, writing)
}

/** It has everything of its source, or less: nobody could tell. */
async function refuseUnfinishedCopy(store: ObjectStore): Promise<void> {
  if ((await store.head(keys.copyMark)) === undefined) return
  const text =
    'This store is a copy that was not finished. Run the same «wheelhouse copy» again, which goes on where it stopped, ' +
    'and then this command.'
  throw new DomainError('storage-unfit', text, { key: keys.copyMark })
}

async function openFolder(folder: string, writing: URL | undefined): Promise<OpenStore> {
  await using disposals = new Disposals()
  let serve: ReturnType<typeof serveStore> | undefined
  // Owned before it is opened: opening clears what a dead process left half-written, and must not hit a living one.
  disposals.use(await ownFolder(folder, (request, response) => serve?.(request, response)))
  const threads = writing && disposals.use(diskWriterThreads(writing, writingThreads))
  const store = await DiskStore.open(folder, threads?.carryOut)
  serve = serveStore(store)
  const owned = disposals.move()
  return { store, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

async function throughSocket(folder: string): Promise<OpenStore> {
  const owned = new Disposals()
  const path = owned.use(await shortPath(folder)).path
  const store = owned.use(new SocketStore(socketIn(path)))
  return { store, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

async function openS3(settings: S3StoreConfig, mode: 'own' | 'share'): Promise<OpenStore> {
  // Only here: loading the SDK takes half a second, which commands on a folder need not wait for.
  const { openS3Clients } = await import('./objects/s3-clients.ts')
  const { S3Store } = await import('./objects/s3-store.ts')
  const clients = openS3Clients(revealed(settings))
  const store = new S3Store(clients, settings.bucket, settings.prefix)
  if (mode === 'own') await proveConditionalWrites(store)
  return { store, [Symbol.asyncDispose]: async () => clients[Symbol.dispose]() }
}

function revealed({ credentials, ...settings }: S3StoreConfig): S3Settings {
  if (credentials === undefined) return settings
  const { accessKeyId, secretAccessKey } = credentials
  return { ...settings, credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }
}
