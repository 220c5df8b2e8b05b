import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { pumpFile } from '../../../src/objects/file-pump.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const bytes = Buffer.from(Array.from({ length: 1_000_003 }, (_, n) => (n * 7 + (n >> 8)) % 251))

async function pumped(start: number, end: number, destination: Writable): Promise<void> {
  await using folder = await temporaryFolder('pump')
  const path = join(folder.path, 'file')
  await writeFile(path, bytes)
  const file = await open(path)
  await pumpFile(file, { start, end }, destination).finally(() => file.close())
}

/** Looks at what it was given only later, as a slow network does: by then a buffer that was used again shows. */
function slow(received: Buffer[]): Writable {
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      setTimeout(() => {
        received.push(Buffer.from(piece))
        done()
      }, Math.random() * 5)
    },
  })
}

describe('the pump of a file', () => {
  it.each([
    [0, bytes.length - 1],
    [0, 0],
    [262_144, 524_287],
    [262_143, 800_001],
    [1_000_002, 1_000_002],
  ])('sends bytes %d to %d as they are, to a destination that takes its time', async (start, end) => {
    const received: Buffer[] = []
    await pumped(start, end, slow(received))
    expect(Buffer.concat(received).equals(bytes.subarray(start, end + 1))).toBe(true)
  })

  it('ends when its destination is closed, although nobody takes the piece that is on its way', async () => {
    const stuck = new Writable({ write: () => undefined })
    setTimeout(() => stuck.destroy(), 20)
    await expect(pumped(0, bytes.length - 1, stuck)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
    await expect(pumped(0, 5, stuck)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  it('takes a write that fails, however the connection says so, for a client that has left', async () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const broken = new Writable({ write: (_piece, _encoding, done) => done(reset) })
    broken.on('error', () => undefined)
    await expect(pumped(0, 5, broken)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  it('fails where the file is shorter than it was said to be', async () => {
    await expect(pumped(0, bytes.length, slow([]))).rejects.toThrow('ended at 1000003')
  })
})
