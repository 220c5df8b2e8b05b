import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { CoreMetadata } from '../packaging/core-metadata.ts'
import { parseWheelFilename } from '../packaging/filenames.ts'
import type { RandomAccess } from '../packaging/random-access.ts'
import { inspectSdist } from '../packaging/sdist.ts'
import { inspectWheel } from '../packaging/wheel.ts'

export interface AcceptedArchive {
  readonly ok: true
  readonly metadata: CoreMetadata
  /** Of wheels: the digest of METADATA, which installers read in place of the wheel (PEP 658). */
  readonly metadataSha256?: string
}

/** What an archive holds, or a sentence that says why it is refused, and the id of the reason where it has one. */
export type Inspection = AcceptedArchive | { readonly ok: false; readonly problem: string; readonly code?: string }

/** Opens an archive on local disk and reads all of it. Blocks much of the time: for a staging thread. */
export async function inspectArchive(path: string, filename: string): Promise<Inspection> {
  const descriptor = openSync(path, 'r')
  try {
    const file = fileAccess(descriptor)
    return filename.endsWith('.whl') ? await inspectWheelFile(file, filename) : await inspectSdist(file, filename)
  } finally {
    closeSync(descriptor)
  }
}

async function inspectWheelFile(file: RandomAccess, filename: string): Promise<Inspection> {
  const named = parseWheelFilename(filename)
  if (!named.ok) return named
  const content = await inspectWheel(file, named, filename)
  if (!content.ok) return content
  const metadataSha256 = createHash('sha256').update(content.metadata.bytes).digest('hex')
  return { ok: true, metadata: content.metadata, metadataSha256 }
}

function fileAccess(descriptor: number): RandomAccess {
  return {
    size: fstatSync(descriptor).size,
    read(offset, length, into) {
      const bytes = into ?? Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const read = readSync(descriptor, bytes, done, length - done, offset + done)
        if (read === 0) break
        done += read
      }
      return bytes.subarray(0, done)
    },
  }
}
