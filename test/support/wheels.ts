import { createCipheriv, createHash } from 'node:crypto'
import { coreMetadata, normalizedForFilename, type ProjectDescription } from './core-metadata.ts'
import { distInfo, type WheelDescription, wheelFilename } from './dist-info.ts'
import { tarGz } from './tar.ts'
import { writeZip, zip } from './zip.ts'

/** A distribution as `twine` would find it in `dist/`. */
export interface BuiltArchive {
  readonly filename: string
  readonly bytes: Buffer
  /** Of the bytes, in hex. */
  readonly sha256: string
}

export interface BuiltFile {
  readonly filename: string
  readonly path: string
  readonly sha256: string
}

/** A valid wheel (binary distribution format 1.0). Equal descriptions give equal bytes. */
export function aWheel(description: WheelDescription): BuiltArchive {
  const { name, version } = description
  const files = description.files ?? { [`${normalizedForFilename(name)}/__init__.py`]: `__version__ = '${version}'\n` }
  const members = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }))
  const bytes = zip([...members, ...distInfo(description, members.map(digested))])
  return archive(wheelFilename(description), bytes)
}

/** A valid sdist with PKG-INFO 2.2 (PEP 625, PEP 643); its build back end is setuptools. */
export function anSdist(description: ProjectDescription): BuiltArchive {
  const folder = `${normalizedForFilename(description.name)}-${description.version}`
  const files: Record<string, string | Uint8Array> = {
    'PKG-INFO': coreMetadata({ ...description, metadataVersion: description.metadataVersion ?? '2.2' }),
    'pyproject.toml': pyproject(description),
    ...(description.files ?? { [`src/${normalizedForFilename(description.name)}/__init__.py`]: '' }),
  }
  const members = Object.entries(files).map(([path, content]) => ({
    path: `${folder}/${path}`,
    content: Buffer.from(content),
  }))
  return archive(`${folder}.tar.gz`, tarGz(members))
}

/** Writes a wheel with one member of `megabytes` that do not compress, without holding it in memory. */
export async function writeBigWheel(
  path: string,
  description: WheelDescription & { readonly megabytes: number },
): Promise<BuiltFile> {
  const member = `${normalizedForFilename(description.name)}/weights.bin`
  const chunks = () => noise(description.megabytes, `${description.name} ${description.version}`)
  const sha256 = await writeZip(path, { path: member, chunks }, (big) =>
    distInfo(description, [{ path: member, ...big }]),
  )
  return { filename: wheelFilename(description), path, sha256 }
}

function archive(filename: string, bytes: Buffer): BuiltArchive {
  return { filename, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function digested(member: { readonly path: string; readonly content: Uint8Array }) {
  const digest = createHash('sha256').update(member.content).digest()
  return { path: member.path, digest, size: member.content.length }
}

/** The same pseudo-random megabytes for the same seed: a key stream does not compress. */
function* noise(megabytes: number, seed: string): Generator<Uint8Array> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(1024 * 1024)
  for (let written = 0; written < megabytes; written += 1) yield stream.update(zeros)
}

function pyproject(description: ProjectDescription): string {
  const lines = [
    '[build-system]',
    'requires = ["setuptools"]',
    'build-backend = "setuptools.build_meta"',
    '',
    '[project]',
    `name = ${JSON.stringify(description.name)}`,
    `version = ${JSON.stringify(description.version)}`,
    `dependencies = ${JSON.stringify(description.requires ?? [])}`,
    ...(description.requiresPython ? [`requires-python = ${JSON.stringify(description.requiresPython)}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
