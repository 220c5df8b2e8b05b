import { collector } from './archive/bytes.ts'
import { pauses } from './archive/inflate.ts'
import { type CoreMetadata, maxMetadataBytes, parseCoreMetadata } from './core-metadata.ts'
import { parseSdistFilename } from './filenames.ts'
import { licenseFiles } from './license-files.ts'
import type { RandomAccess } from './random-access.ts'
import { type Problem, refusalProblem, refusing, shown } from './refusals.ts'
import { sdistRefusals } from './sdist-refusals.ts'
import { readTarGz } from './tar/archive.ts'
import { readZip } from './zip/archive.ts'
import { readContent } from './zip/content.ts'

export type SdistContent = { readonly ok: true; readonly metadata: CoreMetadata } | Problem

const refuse = refusing(sdistRefusals)
/** It stands in the one top folder (PEP 625, and setuptools long before it). */
const packageInfo = /^[^/]+\/PKG-INFO$/

/** Opens a source archive, `.tar.gz` or `.zip`, and reads all of it once, in memory that does not grow with it. */
export async function inspectSdist(file: RandomAccess, filename: string): Promise<SdistContent> {
  try {
    const { names, info } = filename.endsWith('.zip') ? await readZipSdist(file) : await readTarSdist(file)
    const root = checkRoot(names, filename)
    if (info === undefined) throw refuse('sdist-no-pkg-info', `PKG-INFO is missing in its folder ${shown(root)}`)
    const parsed = parseCoreMetadata(info, `The PKG-INFO inside ${filename}`)
    if (!parsed.ok) return parsed
    const missing = licenseFiles(parsed.metadata).find((path) => !names.has(`${root}/${path}`))
    if (missing !== undefined)
      throw refuse(
        'sdist-license-file-missing',
        `its PKG-INFO names the License-File ${shown(missing)}, which is not there`,
      )
    return { ok: true, metadata: parsed.metadata }
  } catch (error) {
    return refusalProblem(error, `${filename} is no valid source archive`)
  }
}

interface SdistParts {
  readonly names: ReadonlySet<string>
  readonly info: Uint8Array | undefined
}

async function readTarSdist(file: RandomAccess): Promise<SdistParts> {
  const info = collector()
  const members = await readTarGz(file, ({ name, kind, size }) => {
    if (!packageInfo.test(name)) return undefined
    checkPackageInfo(kind === 'file', size)
    return info.add
  })
  const names = new Set(members.map(({ name }) => name))
  return { names, info: [...names].some((name) => packageInfo.test(name)) ? info.bytes() : undefined }
}

async function readZipSdist(file: RandomAccess): Promise<SdistParts> {
  const members = readZip(file)
  const info = collector()
  const pause = pauses(64)
  for (const member of members) {
    await pause()
    const isInfo = packageInfo.test(member.name)
    if (isInfo) checkPackageInfo(true, member.size)
    await readContent(file, member, isInfo ? info.add : () => {})
  }
  const names = new Set(members.map(({ name }) => name))
  return { names, info: [...names].some((name) => packageInfo.test(name)) ? info.bytes() : undefined }
}

function checkPackageInfo(isFile: boolean, size: number): void {
  if (!isFile) throw refuse('sdist-pkg-info-unreadable', 'its PKG-INFO is no plain file')
  if (size > maxMetadataBytes) throw refuse('sdist-pkg-info-unreadable', `its PKG-INFO has ${size} bytes`)
}

/** One top folder, that of the filename by meaning: old tools spell names as the project does. */
function checkRoot(names: ReadonlySet<string>, filename: string): string {
  const roots = new Set([...names].map((name) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : name)))
  const [root] = roots
  if (root === undefined) throw refuse('sdist-empty', 'it is empty')
  if (roots.size > 1 || names.has(root))
    throw refuse(
      'sdist-several-roots',
      `it must have one top folder, but has ${[...roots].slice(0, 3).map(shown).join(', ')}`,
    )
  const [inside, outside] = [parseSdistFilename(`${root}.tar.gz`), parseSdistFilename(filename)]
  const isSame =
    inside.ok && outside.ok && inside.project === outside.project && inside.version.key === outside.version.key
  if (!isSame) throw refuse('sdist-root-differs', `its folder ${shown(root)} is not that of its filename`)
  return root
}
