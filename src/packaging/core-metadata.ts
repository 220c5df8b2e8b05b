import { parseHeaderLines } from './header-lines.ts'

/** The parts of a METADATA or PKG-INFO file that the index uses (core metadata 1.0 to 2.5). */
export interface CoreMetadata {
  readonly metadataVersion: string
  /** As spelled. */
  readonly name: string
  readonly version: string
  readonly requiresPython: string | undefined
  readonly requiresDist: readonly string[]
  readonly providesExtra: readonly string[]
  /** All headers by lower-case name, in the order of the file; without the body. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

export type ParsedMetadata =
  | { readonly ok: true; readonly metadata: CoreMetadata }
  | { readonly ok: false; readonly problem: string }

/** Descriptions live here too; the largest real ones are below a megabyte. */
export const maxMetadataBytes = 8 * 1024 * 1024

/** Reads the RFC 822 style of core metadata: headers with folded lines, an empty line, and a body. Must be UTF-8. */
export function parseCoreMetadata(bytes: Uint8Array, where: string): ParsedMetadata {
  const text = decodeUtf8(bytes)
  if (text === undefined)
    return { ok: false, problem: `${where} is not UTF-8 text. Build it again with a current tool.` }
  const headers = parseHeaderLines(text)
  const one = (name: string) => present(headers.get(name)?.[0])
  const [metadataVersion, name, version] = [one('metadata-version'), one('name'), one('version')]
  if (metadataVersion === undefined || name === undefined || version === undefined) {
    const missing = Object.entries({ 'Metadata-Version': metadataVersion, Name: name, Version: version })
    const names = missing.flatMap(([field, value]) => (value === undefined ? [field] : []))
    return { ok: false, problem: `${where} lacks ${names.join(' and ')}. Build it again with a current tool.` }
  }
  const many = (field: string) => (headers.get(field) ?? []).flatMap((value) => present(value) ?? [])
  const requiresPython = one('requires-python')
  const lists = { requiresDist: many('requires-dist'), providesExtra: many('provides-extra') }
  return { ok: true, metadata: { metadataVersion, name, version, requiresPython, ...lists, headers } }
}

/** distutils wrote "UNKNOWN" for what was not given. */
function present(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === 'UNKNOWN' ? undefined : value
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
