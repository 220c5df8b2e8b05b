import { createHash } from 'node:crypto'
import { coreMetadata, normalizedForFilename, type ProjectDescription } from './core-metadata.ts'
import type { ZipMember } from './zip.ts'

export interface WheelDescription extends ProjectDescription {
  /** `py3-none-any` when left out; several are written compressed, as in `py2.py3-none-any` (PEP 425). */
  readonly tags?: readonly string[]
  /** The build number of the filename. */
  readonly build?: string
  /** Console scripts: `{ greet: 'greeting:main' }`. */
  readonly entryPoints?: Readonly<Record<string, string>>
}

export interface DigestedMember {
  readonly path: string
  /** SHA-256 of the content. */
  readonly digest: Buffer
  readonly size: number
}

/** The `.dist-info` members that belong to the payload: METADATA, WHEEL, entry points, and RECORD at the end. */
export function distInfo(description: WheelDescription, payload: readonly DigestedMember[]): readonly ZipMember[] {
  const folder = `${normalizedForFilename(description.name)}-${description.version}.dist-info`
  const member = (name: string, text: string) => ({ path: `${folder}/${name}`, content: Buffer.from(text) })
  const described = [
    member('METADATA', coreMetadata(description)),
    member('WHEEL', wheelText(description)),
    ...(description.entryPoints ? [member('entry_points.txt', entryPointsText(description.entryPoints))] : []),
  ]
  const lines = [
    ...payload.map(recordLine),
    ...described.map(({ path, content }) =>
      recordLine({ path, digest: createHash('sha256').update(content).digest(), size: content.length }),
    ),
    `${folder}/RECORD,,`,
  ]
  return [...described, member('RECORD', `${lines.join('\n')}\n`)]
}

export function wheelFilename(description: WheelDescription): string {
  const build = description.build === undefined ? [] : [description.build]
  const parts = [
    normalizedForFilename(description.name),
    description.version,
    ...build,
    compressedTag(tagsOf(description)),
  ]
  return `${parts.join('-')}.whl`
}

function wheelText(description: WheelDescription): string {
  const tags = tagsOf(description)
  const pure = tags.every((tag) => tag.endsWith('-none-any'))
  const lines = [
    'Wheel-Version: 1.0',
    'Generator: wheelhouse-tests (1.0)',
    `Root-Is-Purelib: ${pure}`,
    ...tags.map((tag) => `Tag: ${tag}`),
    ...(description.build === undefined ? [] : [`Build: ${description.build}`]),
  ]
  return `${lines.join('\n')}\n`
}

function entryPointsText(entryPoints: Readonly<Record<string, string>>): string {
  const lines = Object.entries(entryPoints).map(([script, target]) => `${script} = ${target}`)
  return `[console_scripts]\n${lines.join('\n')}\n`
}

/** PEP 376 as the wheel format has it: URL-safe base64 without padding. */
function recordLine({ path, digest, size }: DigestedMember): string {
  return `${path},sha256=${digest.toString('base64url')},${size}`
}

function tagsOf(description: WheelDescription): readonly string[] {
  return description.tags ?? ['py3-none-any']
}

function compressedTag(tags: readonly string[]): string {
  const column = (index: number) => [...new Set(tags.map((tag) => tag.split('-')[index] ?? ''))].join('.')
  return [column(0), column(1), column(2)].join('-')
}
