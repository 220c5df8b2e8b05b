import { randomUUID } from 'node:crypto'
import { chmod, link, open, rename, unlink } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DomainError } from '../errors.ts'

/** Longest path that a Unix socket takes on every system: 103 bytes and a NUL (unix(7), sun_path). */
const longestSocketPath = 103

/**
 * Claims a storage folder for this process, by listening on a Unix socket in it. Node has no flock, and pid files lie
 * across containers; a socket answers only while its process lives. Rejects with `conflict` when somebody answers.
 * Requests on the socket (commands run beside the server) go to `serve`; only the folder's owner may connect.
 */
export async function ownFolder(folder: string, serve: RequestListener): Promise<AsyncDisposable> {
  await using directory = await shortPath(folder)
  const mine = join(directory.path, `socket.${randomUUID().slice(0, 8)}`)
  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(mine, resolve))
  try {
    await chmod(mine, 0o600)
    await placeSocket(mine, directory.path, folder)
  } catch (error) {
    server.close()
    throw error
  } finally {
    await unlink(mine).catch(() => undefined)
  }
  return { [Symbol.asyncDispose]: () => close(server, folder) }
}

/** Is there a process that owns the folder and answers? */
export async function folderIsOwned(folder: string): Promise<boolean> {
  await using directory = await shortPath(folder)
  return await answers(socketIn(directory.path))
}

export function socketIn(folder: string): string {
  return join(folder, 'socket')
}

/**
 * `link` is atomic and fails where a socket is already; a dead one is renamed away first. After the renaming one looks
 * again whether what was taken away is really dead, as somebody may have claimed the folder in between.
 */
async function placeSocket(mine: string, directory: string, folder: string): Promise<void> {
  const place = socketIn(directory)
  for (let attempt = 0; attempt < 5; attempt++) {
    const linked = await link(mine, place).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (linked) return
    if (await answers(place)) throw owned(folder)
    const removed = join(directory, `socket.dead.${randomUUID().slice(0, 8)}`)
    await rename(place, removed).catch(() => undefined)
    if (await answers(removed)) {
      await rename(removed, place)
      throw owned(folder)
    }
    await unlink(removed).catch(() => undefined)
  }
  throw owned(folder)
}

function owned(folder: string): DomainError {
  return new DomainError(
    'conflict',
    `Another Wheelhouse runs on the storage folder «${folder}», and only one may. Stop it first, give this one a folder ` +
      'of its own (WHEELHOUSE_STORAGE), or move to S3 (S3_BUCKET), where any number may run.',
  )
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A long folder is reached through its open descriptor, which makes a short path on Linux. */
export async function shortPath(folder: string): Promise<AsyncDisposable & { readonly path: string }> {
  if (Buffer.byteLength(folder) + '/socket.dead.12345678'.length <= longestSocketPath) {
    return { path: folder, [Symbol.asyncDispose]: async () => undefined }
  }
  const directory = await open(folder)
  return { path: `/proc/self/fd/${directory.fd}`, [Symbol.asyncDispose]: () => directory.close() }
}

async function close(server: ReturnType<typeof createServer>, folder: string): Promise<void> {
  await unlink(socketIn(folder)).catch(() => undefined)
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
