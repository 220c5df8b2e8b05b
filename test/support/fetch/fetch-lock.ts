import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cachePath } from '../cache-folder.ts'

/** One fetch at a time per checkout: two would install into the same folders. The lock of a fetch that died is taken over. */
export async function withFetchLock<T>(fetching: () => Promise<T>): Promise<T> {
  const lock = cachePath('fetch.lock')
  while (!taken(lock)) {
    if (!holderLives(lock)) rmSync(lock, { force: true })
    else await sleep(200)
  }
  try {
    return await fetching()
  } finally {
    rmSync(lock, { force: true })
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return false
  }
}

function holderLives(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch {
    return false
  }
}
