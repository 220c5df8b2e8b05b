import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes a folder's entries durable: after a rename or link the file's own fsync is not enough. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Creates a folder with its parents, and syncs every parent that got a new entry, up to `root`. */
export async function createFolder(path: string, root: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let parent = dirname(path); parent.length >= root.length; parent = dirname(parent)) {
    await syncFolder(parent)
    if (parent === dirname(first)) return
  }
}

export async function syncFile<T>(path: string, sync: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r+')
  try {
    return await sync(file)
  } finally {
    await file.close()
  }
}
