import { parseMessage } from './header-lines.ts'
import { checkMetadata } from './metadata/checks.ts'
import type { Problem } from './refusals.ts'

/** METADATA or PKG-INFO (core metadata 1.0 to 2.6) without its description. Texts as they stand there; nothing empty. */
export interface CoreMetadata {
  readonly metadataVersion: string
  /** As spelled. */
  readonly name: string
  readonly version: string
  readonly summary: string | undefined
  readonly descriptionContentType: string | undefined
  /** As one text: separated by commas, or by blanks in old files. */
  readonly keywords: string | undefined
  readonly homePage: string | undefined
  readonly downloadUrl: string | undefined
  readonly author: string | undefined
  readonly authorEmail: string | undefined
  readonly maintainer: string | undefined
  readonly maintainerEmail: string | undefined
  readonly license: string | undefined
  readonly licenseExpression: string | undefined
  readonly licenseFiles: readonly string[]
  readonly classifiers: readonly string[]
  readonly platforms: readonly string[]
  readonly requiresPython: string | undefined
  readonly requiresDist: readonly string[]
  readonly requiresExternal: readonly string[]
  /** "Label, URL" as written. */
  readonly projectUrls: readonly string[]
  readonly providesExtra: readonly string[]
  readonly providesDist: readonly string[]
  readonly obsoletesDist: readonly string[]
  readonly dynamic: readonly string[]
  readonly importNames: readonly string[]
  readonly importNamespaces: readonly string[]
  /** All headers by lower-case name, in the order of the file; without the body. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** The file itself, which is kept beside the archive: whatever is shown later is read from it. */
  readonly bytes: Uint8Array
}

export type ParsedMetadata =
  | {
      readonly ok: true
      readonly metadata: CoreMetadata
      /** The body, or in old files a header of its own. */
      readonly description: string | undefined
    }
  | Problem

/** Descriptions live here too; the largest real ones are below a megabyte. */
export const maxMetadataBytes = 8 * 1024 * 1024

/** Reads core metadata and checks it by the rules of its version. `where` is for the sentence of a refusal. */
export function parseCoreMetadata(bytes: Uint8Array, where: string): ParsedMetadata {
  const read = readCoreMetadata(bytes, where)
  return (read.ok ? checkMetadata(read.metadata, where) : undefined) ?? read
}

/** The same without the checks: for files that were accepted once, by the rules of that day. */
export function readCoreMetadata(bytes: Uint8Array, where: string): ParsedMetadata {
  const text = decodeUtf8(bytes)
  if (text === undefined) return bad('metadata-not-utf-8', `${where} is not UTF-8 text`)
  const { headers, body } = parseMessage(text)
  const one = (name: string) => present(headers.get(name)?.[0])
  const [metadataVersion, name, version] = [one('metadata-version'), one('name'), one('version')]
  if (metadataVersion === undefined || name === undefined || version === undefined) {
    const missing = Object.entries({ 'Metadata-Version': metadataVersion, Name: name, Version: version })
    const names = missing.flatMap(([field, value]) => (value === undefined ? [field] : []))
    return bad('metadata-field-missing', `${where} lacks ${names.join(' and ')}`)
  }
  // A copy: what is posted to another thread must not drag a whole buffer pool with it.
  const own = Uint8Array.from(bytes)
  const description = body === '' ? unfolded(one('description')) : body
  return {
    ok: true,
    metadata: { metadataVersion, name, version, ...fieldsOf(headers), headers, bytes: own },
    description,
  }
}

type Fields = Omit<CoreMetadata, 'metadataVersion' | 'name' | 'version' | 'headers' | 'bytes'>

function fieldsOf(headers: ReadonlyMap<string, readonly string[]>): Fields {
  const one = (name: string) => present(headers.get(name)?.[0])
  const many = (name: string) => (headers.get(name) ?? []).flatMap((value) => present(value) ?? [])
  return {
    summary: one('summary'),
    descriptionContentType: one('description-content-type'),
    keywords: one('keywords'),
    homePage: one('home-page'),
    downloadUrl: one('download-url'),
    author: one('author'),
    authorEmail: one('author-email'),
    maintainer: one('maintainer'),
    maintainerEmail: one('maintainer-email'),
    license: one('license'),
    licenseExpression: one('license-expression'),
    licenseFiles: many('license-file'),
    classifiers: many('classifier'),
    platforms: many('platform'),
    requiresPython: one('requires-python'),
    requiresDist: many('requires-dist'),
    requiresExternal: many('requires-external'),
    projectUrls: many('project-url'),
    providesExtra: many('provides-extra'),
    providesDist: many('provides-dist'),
    obsoletesDist: many('obsoletes-dist'),
    dynamic: many('dynamic'),
    importNames: many('import-name'),
    importNamespaces: many('import-namespace'),
  }
}

/** distutils wrote "UNKNOWN" for what was not given. */
function present(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === 'UNKNOWN' ? undefined : value
}

/** A description in a header has eight blanks, or seven and a bar, before each further line (core metadata, "Description"). */
function unfolded(text: string | undefined): string | undefined {
  return text?.replace(/\n(?: {7}\|| {8}|\t)/g, '\n')
}

function bad(code: string, why: string): ParsedMetadata {
  return { ok: false, code, problem: `${why}. Build it again with a current tool. [${code}]` }
}

/** A byte order mark is kept: it makes the first line no header, here as for pip. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
