import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

/** A new folder outside the checkout, removed with all its content on dispose. */
export async function temporaryFolder(purpose: string): Promise<TemporaryFolder> {
  return removedOnDispose(await mkdtemp(join(await realpath(tmpdir()), `wheelhouse-${purpose}-`)))
}

/** A new folder where somebody wants it, removed with all its content on dispose. */
export async function newFolder(path: string): Promise<TemporaryFolder> {
  await mkdir(path)
  return removedOnDispose(path)
}

function removedOnDispose(path: string): TemporaryFolder {
  return {
    path,
    // Retries: a server that was just killed may still be writing its last file.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  }
}
