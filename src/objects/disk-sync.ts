import { type FileHandle, open } from 'node:fs/promises'

/** Makes a folder's entries durable: after a rename or link the file's own fsync is not enough. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
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
