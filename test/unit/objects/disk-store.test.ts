import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DiskStore } from '../../../src/objects/disk-store.ts'
import { diskWriterThreads } from '../../../src/objects/disk-writing/threads.ts'
import { writeHere } from '../../../src/objects/disk-writing/write.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('the disk store after a restart', () => {
  it('knows what an earlier process wrote, and never takes the old for the new while it is written', async () => {
    await using folder = await temporaryFolder('store')
    const before = await DiskStore.open(folder.path)
    const written = await before.write('projects/app.json', Buffer.from('0'), 'absent')
    let version = written.ok ? written.version : ''
    const store = await DiskStore.open(folder.path)
    for (let n = 1; n <= 30; n++) {
      const old = version
      const reads = [1, 2, 3].map(() => store.read('projects/app.json', old))
      const result = await store.write('projects/app.json', Buffer.from(String(n)), { version: old })
      if (!result.ok) throw new Error('refused')
      version = result.version
      await Promise.all(reads)
      const after = await store.read('projects/app.json', old)
      expect(typeof after === 'object' && String(after.body)).toBe(String(n))
      expect(await store.read('projects/app.json', version)).toBe('unchanged')
    }
    const reading = store.read('projects/app.json', 'another')
    await store.delete('projects/app.json')
    await reading
    expect(await store.read('projects/app.json', version)).toBeUndefined()
  })
})

describe('the disk store with another filesystem beside it', () => {
  it('copies the file that it cannot give a second name, and leaves it as it was', async () => {
    await using folder = await temporaryFolder('store')
    const file = join(folder.path, 'finished')
    await writeFile(file, 'bytes')
    const elsewhere: string[] = []
    const store = await DiskStore.open(join(folder.path, 'storage'), async (write) => {
      // No other filesystem can be mounted here: the first try is answered as the link to one is.
      const here = 'file' in write.from && write.from.file !== file
      if (!here) elsewhere.push(write.path)
      return here ? await writeHere(write) : 'elsewhere'
    })
    expect((await store.writeFile('files/a', file)).ok).toBe(true)
    expect(elsewhere).toHaveLength(1)
    expect(String(((await store.read('files/a')) as { body: Buffer }).body)).toBe('bytes')
    expect(await readFile(file, 'utf8')).toBe('bytes')
    expect((await store.writeFile('files/a', file)).ok).toBe(false)
    expect(await readdir(join(folder.path, 'storage', 'tmp'))).toEqual([])
  })
})

describe('threads that write to the disk', () => {
  it('fail the writes of one that dies, with a reason, and go on with a new one', async () => {
    await using folder = await temporaryFolder('store')
    const mortal = `
      import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ session, write }) => {
        if (write.path.endsWith('deadly')) throw new Error('out of memory')
        parentPort.postMessage({ session, outcome: { version: 'v' } })
      })`
    await using threads = diskWriterThreads(new URL(`data:text/javascript,${encodeURIComponent(mortal)}`), 1)
    const store = await DiskStore.open(folder.path, threads.carryOut)
    await expect(store.write('deadly', Buffer.from('x'), 'absent')).rejects.toMatchObject({
      code: 'storage-unavailable',
      message: 'The storage folder failed: out of memory.',
    })
    expect(await store.write('harmless', Buffer.from('x'), 'absent')).toEqual({ ok: true, version: 'v' })
  })

  it('tell what the system said: a full disk is told as one', async () => {
    await using folder = await temporaryFolder('store')
    const full = `
      import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ session }) => parentPort.postMessage({ session, message: 'no space', errno: 'ENOSPC' }))`
    await using threads = diskWriterThreads(new URL(`data:text/javascript,${encodeURIComponent(full)}`), 1)
    const store = await DiskStore.open(folder.path, threads.carryOut)
    await expect(store.write('a', Buffer.from('x'), 'absent')).rejects.toThrow(/disk of the storage folder is full/)
  })
})
