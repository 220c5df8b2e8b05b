import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { CoreMetadata } from '../packaging/core-metadata.ts'
import { parseWheelFilename } from '../packaging/filenames.ts'
import type { RandomAccess } from '../packaging/random-access.ts'
import { inspectTarSdist, inspectZipSdist, type SdistContent } from '../packaging/sdist.ts'
import { inspectWheel } from '../packaging/wheel.ts'

export interface AcceptedArchive {
  readonly ok: true
  readonly metadata: CoreMetadata
  /** Of wheels: the METADATA file itself, which installers read in place of the wheel (PEP 658). */
  readonly metadataBytes?: Uint8Array
  readonly metadataSha256?: string
}

/** What an archive holds, or a sentence that says why it is refused. */
export type Inspection = AcceptedArchive | { readonly ok: false; readonly problem: string }

/** Opens an archive on local disk. Blocks while it reads: for a staging thread. */
export async function inspectArchive(path: string, filename: string): Promise<Inspection> {
  const descriptor = openSync(path, 'r')
  try {
    if (filename.endsWith('.whl')) return inspectWheelFile(descriptor, filename)
    return filename.endsWith('.zip')
      ? inspectZipSdist(fileAccess(descriptor), filename)
      : await inspectTarFile(path, filename)
  } finally {
    closeSync(descriptor)
  }
}

function inspectWheelFile(descriptor: number, filename: string): Inspection {
  const named = parseWheelFilename(filename)
  if (!named.ok) return named
  const content = inspectWheel(fileAccess(descriptor), named, filename)
  if (!content.ok) return content
  // A copy: what is posted to another thread must not drag a whole buffer pool with it.
  const metadataBytes = Uint8Array.from(content.metadataBytes)
  const metadataSha256 = createHash('sha256').update(metadataBytes).digest('hex')
  return { ok: true, metadata: content.metadata, metadataBytes, metadataSha256 }
}

/** Inflates as a stream: a bomb costs time, which the walk bounds by members, but no memory. */
async function inspectTarFile(path: string, filename: string): Promise<SdistContent> {
  const file = createReadStream(path)
  const unpacked = createGunzip()
  file.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  try {
    return await inspectTarSdist(unpacked, filename)
  } finally {
    file.destroy()
    unpacked.destroy()
  }
}

function fileAccess(descriptor: number): RandomAccess {
  return {
    size: fstatSync(descriptor).size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length)
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
