import { type CoreMetadata, maxMetadataBytes, parseCoreMetadata } from './core-metadata.ts'
import { type Problem, problem, type RandomAccess } from './random-access.ts'
import { readTar } from './tar.ts'
import { readZipDirectory, readZipEntry } from './zip.ts'

export type SdistContent = { readonly ok: true; readonly metadata: CoreMetadata } | Problem

/** PKG-INFO stands in the one top folder (PEP 625, and setuptools long before it). */
const packageInfo = /^(?:\.\/)?([^/]+)\/PKG-INFO$/

/** Opens a `.tar.gz` source archive that was already gunzipped into chunks. */
export async function inspectTarSdist(chunks: AsyncIterable<Uint8Array>, filename: string): Promise<SdistContent> {
  try {
    const tar = await readTar(chunks, (name) => packageInfo.test(name), maxMetadataBytes)
    if (!tar.ok) return refusal(filename, tar.problem)
    return fromNames(filename, tar.members, (member) => member.content)
  } catch {
    return refusal(filename, 'it is no gzip file, or was cut off')
  }
}

/** Opens a `.zip` source archive. */
export function inspectZipSdist(file: RandomAccess, filename: string): SdistContent {
  const directory = readZipDirectory(file)
  if (!directory.ok) return refusal(filename, directory.problem)
  return fromNames(filename, directory.entries, (entry) => {
    const read = readZipEntry(file, entry, maxMetadataBytes)
    return read.ok ? read.bytes : undefined
  })
}

function fromNames<T extends { readonly name: string }>(
  filename: string,
  members: readonly T[],
  contentOf: (member: T) => Uint8Array | undefined,
): SdistContent {
  const tops = new Set(members.map(({ name }) => name.replace(/^\.\//, '').split('/')[0]).filter((top) => top !== ''))
  if (tops.size !== 1) return refusal(filename, `it must have one top folder, but has ${tops.size}`)
  const found = members.filter(({ name }) => packageInfo.test(name))
  const [member] = found
  if (member === undefined) return refusal(filename, `PKG-INFO is missing in its folder ${[...tops][0]}`)
  if (found.length > 1) return refusal(filename, 'PKG-INFO is in it twice')
  const content = contentOf(member)
  if (content === undefined) return refusal(filename, 'its PKG-INFO cannot be read')
  return parseCoreMetadata(content, `The PKG-INFO inside ${filename}`)
}

function refusal(filename: string, why: string): Problem {
  return problem(`${filename} is no valid source archive: ${why}. Build it again and upload that.`)
}
