import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { Disposals } from '../../src/disposal.ts'
import { DiskStore } from '../../src/objects/disk-store.ts'
import { diskWriterThreads } from '../../src/objects/disk-writing/threads.ts'
import { ownFolder, shortPath, socketIn } from '../../src/objects/folder-owner.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import { openS3Clients } from '../../src/objects/s3-clients.ts'
import { S3Store } from '../../src/objects/s3-store.ts'
import { serveStore } from '../../src/objects/socket-server.ts'
import { SocketStore } from '../../src/objects/socket-store.ts'
import { measuredStore } from '../../src/observe/measured-store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { objectStoreContract } from './object-store.ts'

objectStoreContract('memory', async () => ({ store: new MemoryStore(), [Symbol.asyncDispose]: async () => undefined }))

objectStoreContract('memory, timed', async () => ({
  store: measuredStore(new MemoryStore(), systemClock, { storage: () => undefined }),
  [Symbol.asyncDispose]: async () => undefined,
}))

objectStoreContract('disk', async () => {
  const folder = await temporaryFolder('store')
  return { store: await DiskStore.open(folder.path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})

objectStoreContract('disk, written by threads', async () => {
  const owned = new Disposals()
  const folder = owned.use(await temporaryFolder('store'))
  const script = new URL('../../dist/objects/disk-writing/thread.js', import.meta.url)
  const { carryOut } = owned.use(diskWriterThreads(script, 2))
  return {
    store: await DiskStore.open(folder.path, carryOut),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
})

objectStoreContract('disk, through the socket of its owner', async () => {
  const owned = new Disposals()
  const folder = owned.use(await temporaryFolder('store'))
  const path = join(folder.path, 'a'.repeat(60), 'b'.repeat(60))
  await mkdir(path, { recursive: true })
  owned.use(await ownFolder(path, serveStore(await DiskStore.open(path))))
  const store = owned.use(new SocketStore(socketIn(owned.use(await shortPath(path)).path)))
  return { store, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
})

objectStoreContract('versitygw (S3)', async () => {
  const gateway = await startVersitygw()
  const { endpoint, accessKeyId, secretAccessKey } = gateway
  const bucket = await gateway.createBucket()
  const credentials = { accessKeyId, secretAccessKey }
  const clients = openS3Clients({ bucket, prefix: 'wheelhouse/', region: 'us-east-1', endpoint, credentials })
  return {
    store: new S3Store(clients, bucket, 'wheelhouse/'),
    [Symbol.asyncDispose]: async () => {
      clients[Symbol.dispose]()
      await gateway[Symbol.asyncDispose]()
    },
  }
})
