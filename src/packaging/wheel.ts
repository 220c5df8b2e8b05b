import { pauses } from './archive/inflate.ts'
import { archiveLimits } from './archive/limits.ts'
import { type CoreMetadata, maxMetadataBytes, parseCoreMetadata } from './core-metadata.ts'
import type { WheelName } from './filenames.ts'
import { licenseFiles } from './license-files.ts'
import type { RandomAccess } from './random-access.ts'
import { type Problem, refusalProblem, refusing, shown } from './refusals.ts'
import { checkEntryPoints } from './wheel/entry-points.ts'
import { checkLayout } from './wheel/layout.ts'
import { checkRecordSize, contentCheck, type ExpectedContent, readRecord } from './wheel/record.ts'
import { wheelRefusals } from './wheel/refusals.ts'
import { checkWheelFile } from './wheel/wheel-file.ts'
import { readZip } from './zip/archive.ts'
import { readContent, readWhole } from './zip/content.ts'
import type { ZipMember } from './zip/local-headers.ts'

export type WheelContent = { readonly ok: true; readonly metadata: CoreMetadata } | Problem

const refuse = refusing(wheelRefusals)

/**
 * Opens a wheel and checks all of it, what is cheap first: framing and names → `.dist-info` → WHEEL → RECORD's list → entry
 * points → METADATA → every content against RECORD. Memory does not grow with the wheel.
 */
export async function inspectWheel(file: RandomAccess, named: WheelName, filename: string): Promise<WheelContent> {
  try {
    const members = readZip(file)
    const names = members.map(({ name }) => name)
    const folder = checkLayout(names, named)
    const read = wheelFiles(file, members, folder)
    checkWheelFile(await read.required('WHEEL', archiveLimits.wheelFileBytes), named)
    const expected = readRecord(await read.required('RECORD', archiveLimits.recordBytes), folder, names)
    const entryPoints = await read.optional('entry_points.txt', archiveLimits.entryPointsBytes)
    if (entryPoints !== undefined) checkEntryPoints(entryPoints)
    const metadataBytes = await read.required('METADATA', maxMetadataBytes)
    const parsed = parseCoreMetadata(metadataBytes, `The METADATA inside ${filename}`)
    if (!parsed.ok) return parsed
    checkLicenseFiles(parsed.metadata, folder, new Set(names))
    await checkContents(file, members, expected)
    return { ok: true, metadata: parsed.metadata }
  } catch (error) {
    return refusalProblem(error, `${filename} is no valid wheel`)
  }
}

function wheelFiles(file: RandomAccess, members: readonly ZipMember[], folder: string) {
  async function optional(name: string, limit: number): Promise<Uint8Array | undefined> {
    const member = members.find((one) => one.name === `${folder}/${name}`)
    if (member === undefined) return undefined
    const bytes = await readWhole(file, member, limit)
    if (bytes === undefined) throw refuse('wheel-file-too-large', `${name} in it has more than ${limit} bytes`)
    return bytes
  }
  async function required(name: string, limit: number): Promise<Uint8Array> {
    const bytes = await optional(name, limit)
    if (bytes === undefined) throw refuse('wheel-file-missing', `${name} is missing in its folder ${shown(folder)}`)
    return bytes
  }
  return { optional, required }
}

function checkLicenseFiles(metadata: CoreMetadata, folder: string, names: ReadonlySet<string>): void {
  const missing = licenseFiles(metadata).find((path) => !names.has(`${folder}/licenses/${path}`))
  if (missing !== undefined)
    throw refuse(
      'wheel-license-file-missing',
      `its METADATA names the License-File ${shown(missing)}, which is not there`,
    )
}

/** One pass over all bytes: sizes, checksums and hashes. RECORD and its signatures have no hash, but are inflated as well. */
async function checkContents(
  file: RandomAccess,
  members: readonly ZipMember[],
  expected: ReadonlyMap<string, ExpectedContent>,
): Promise<void> {
  const pause = pauses(64)
  for (const member of members) {
    await pause()
    const said = expected.get(member.name)
    if (said === undefined) {
      await readContent(file, member, () => {})
      continue
    }
    const check = contentCheck(member.name, said)
    await readContent(file, member, check.take)
    checkRecordSize(member.name, said, member.size)
    check.finish()
  }
}
