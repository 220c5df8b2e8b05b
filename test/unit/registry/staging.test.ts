import { readdir } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { openStaging } from '../../../src/registry/staging/staging.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Takes uploads as the real thread does, and dies of a chunk that says so. */
const mortalThread = `
  import { parentPort } from 'node:worker_threads'
  import { rmSync, writeFileSync } from 'node:fs'
  parentPort.on('message', ({ kind, session, path, bytes }) => {
    if (kind === 'open') writeFileSync(path, '')
    if (kind === 'chunk' && bytes[0] === 0) throw new Error('out of memory')
    if (kind === 'chunk') parentPort.postMessage({ kind: 'written', session, bytes: bytes.length })
    if (kind === 'finish') parentPort.postMessage({ kind: 'finished', session, size: 1, digests: { sha256: '' } })
    if (kind === 'discard') rmSync(path, { force: true })
  })`

it('fails the uploads of a thread that dies, and takes the next ones with a new thread', async () => {
  await using folder = await temporaryFolder('staging')
  await using staging = openStaging(folder.path, new URL(`data:text/javascript,${encodeURIComponent(mortalThread)}`), 1)
  const upload = async (byte: number) => {
    const staged = staging.stage([])
    try {
      await pipeline([Buffer.from([byte])], staged.sink)
      return staged.result().size
    } finally {
      staged.discard()
    }
  }
  expect(await upload(1)).toBe(1)
  const beside = upload(1)
  await expect(upload(0)).rejects.toMatchObject({ code: 'storage-unavailable' })
  await beside.catch(() => undefined)
  expect(await upload(1)).toBe(1)
  const spool = () => readdir(folder.path)
  await expect.poll(spool).toEqual([])
})
