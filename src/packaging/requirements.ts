import { type Marker, markerText, readMarker } from './markers.ts'
import { parseProjectName } from './names.ts'
import { pythonSpace, stripBlanks } from './python-text.ts'
import { canonicalSpecifiers, parseSpecifier, type Specifier, type SpecifierSet } from './specifiers.ts'
import { NotReadable, readText, type TextReader } from './text-reader.ts'

/** A dependency (PEP 508, "Dependency specifiers"). */
export interface Requirement {
  /** As written. */
  readonly name: string
  readonly extras: readonly string[]
  /** Of a direct reference: `name @ URL`. */
  readonly url: string | undefined
  readonly specifiers: SpecifierSet
  readonly marker: Marker | undefined
}

/** Ends with a letter or digit, or the reference's word boundary would not hold. */
const identifier = /[a-z0-9](?:[a-z0-9._-]*[a-z0-9_])?(?![a-z0-9_])/iy

/** `undefined` where it cannot be read. */
export function parseRequirement(text: string): Requirement | undefined {
  try {
    return readRequirement(readText(text))
  } catch (error) {
    if (error instanceof NotReadable) return undefined
    throw error
  }
}

/** In one spelling: equal for requirements that are equal to the reference. */
export function requirementMeaning({ name, extras, url, specifiers, marker }: Requirement): string {
  const sorted = [...new Set(extras.map((extra) => normalName(extra)))].sort().join(',')
  const condition = marker === undefined ? '' : `; ${markerText(marker)}`
  return `${normalName(name)}[${sorted}]${canonicalSpecifiers(specifiers)}${url === undefined ? '' : ` @ ${url}`}${condition}`
}

function readRequirement(reader: TextReader): Requirement {
  reader.skipBlanks()
  const name = expect(reader, identifier)
  reader.skipBlanks()
  const extras = readExtras(reader)
  const url = readUrl(reader)
  const specifiers = url === undefined ? readSpecifiers(reader) : []
  if (reader.atEnd) return { name, extras, url, specifiers, marker: undefined }
  expect(reader, /;/y)
  const marker = readMarker(reader)
  if (!reader.atEnd) throw new NotReadable()
  return { name, extras, url, specifiers, marker }
}

function readExtras(reader: TextReader): string[] {
  const extras: string[] = []
  if (reader.take(/\[/y) === undefined) return extras
  reader.skipBlanks()
  const first = reader.take(identifier)
  if (first !== undefined) extras.push(first)
  reader.skipBlanks()
  while (first !== undefined && reader.take(/,[ \t]*/y) !== undefined) {
    extras.push(expect(reader, identifier))
    reader.skipBlanks()
  }
  expect(reader, /\]/y)
  reader.skipBlanks()
  return extras
}

/** Ends at a blank: a ";" may be part of a URL. */
function readUrl(reader: TextReader): string | undefined {
  if (reader.take(/@[ \t]*/y) === undefined) return undefined
  const url = expect(reader, new RegExp(`[^${pythonSpace}]+`, 'y'))
  if (!reader.atEnd) expect(reader, /[ \t]+/y)
  return url
}

/** Bare, or in brackets as metadata before 2.1 has it: `name (>=1,<2)`. */
function readSpecifiers(reader: TextReader): SpecifierSet {
  const isBracketed = reader.take(/\([ \t]*/y) !== undefined
  const text = stripBlanks(reader.take(/[^;)]*/y) ?? '')
  const parts = text.replace(/,$/, '').split(',')
  const specifiers = text === '' ? [] : parts.map((part) => clauseOf(stripBlanks(part)))
  if (isBracketed) expect(reader, /\)[ \t]*/y)
  return specifiers
}

/** Blanks other than spaces and tabs are allowed nowhere but between operator and version. */
function clauseOf(text: string): Specifier {
  const specifier = text === text.trim() ? parseSpecifier(text) : undefined
  if (specifier === undefined) throw new NotReadable()
  return specifier
}

function expect(reader: TextReader, pattern: RegExp): string {
  const found = reader.take(pattern)
  if (found === undefined) throw new NotReadable()
  return found
}

function normalName(name: string): string {
  return parseProjectName(name) ?? name.toLowerCase()
}
