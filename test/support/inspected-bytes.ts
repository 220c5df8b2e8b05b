import { parseWheelFilename } from '../../src/packaging/filenames.ts'
import type { RandomAccess } from '../../src/packaging/random-access.ts'
import { inspectSdist } from '../../src/packaging/sdist.ts'
import { inspectWheel, type WheelContent } from '../../src/packaging/wheel.ts'

/** Inspects an archive that is in memory, as a staging thread does one on disk. */
export async function inspectedBytes(bytes: Uint8Array, filename: string): Promise<InspectedBytes> {
  if (!filename.endsWith('.whl')) return await inspectSdist(bytesAccess(bytes), filename)
  const named = parseWheelFilename(filename)
  if (!named.ok) throw new Error(named.problem)
  return await inspectWheel(bytesAccess(bytes), named, filename)
}

export type InspectedBytes = WheelContent | Awaited<ReturnType<typeof inspectSdist>>

export function bytesAccess(bytes: Uint8Array): RandomAccess {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}
