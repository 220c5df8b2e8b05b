import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { folderIsOwned, ownFolder } from '../../objects/folder-owner.ts'

/** Where this process alone collects uploads. Disposing removes the folder with all that is in it. */
export interface Spool extends AsyncDisposable {
  readonly folder: string
}

const prefix = 'uploads-'
/** Between making its folder and answering for it a process that starts needs far less. Milliseconds. */
const startingTime = 60_000

/**
 * Makes a folder of our own below `spool`, and removes those of processes that died: a killed server leaves its unfinished
 * uploads behind. Each process answers on a socket in its folder while it lives, so servers may share a spool.
 */
export async function openSpool(spool: string, now: number): Promise<Spool> {
  await mkdir(spool, { recursive: true, mode: 0o700 })
  for (const name of await readdir(spool)) {
    if (name.startsWith(prefix)) await removeIfDead(join(spool, name), now)
  }
  const folder = await mkdtemp(join(spool, prefix))
  const owner = await ownFolder(folder, (_request, response) => response.writeHead(404).end())
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await owner[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function removeIfDead(folder: string, now: number): Promise<void> {
  try {
    const { birthtimeMs } = await stat(folder)
    if (now - birthtimeMs < startingTime || (await folderIsOwned(folder))) return
    await rm(folder, { recursive: true, force: true })
  } catch (error) {
    // Another server that starts may have removed it first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
