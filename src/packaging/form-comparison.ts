import type { CoreMetadata } from './core-metadata.ts'
import { parseProjectName } from './names.ts'
import { parseVersion } from './versions.ts'

export interface FormDifference {
  /** As the form calls it. */
  readonly field: string
  readonly form: string
  readonly archive: string
}

/**
 * Where a form and its archive disagree in a way that would mislead an installer: name, version, Requires-Python and
 * Requires-Dist, by meaning. A field that the form does not send says nothing, as old clients leave out what they do
 * not know; so does empty text and "UNKNOWN". All other fields may differ: twine, flit and pdm rewrite several.
 */
export function compareForm(fields: ReadonlyMap<string, readonly string[]>, archive: CoreMetadata): FormDifference[] {
  const differences: FormDifference[] = []
  const compare = (
    field: string,
    form: readonly string[],
    actual: readonly string[],
    meaning: (text: string) => string,
  ) => {
    const [sent, real] = [form, actual].map((texts) => texts.map(meaning).sort().join('; '))
    if (form.length > 0 && sent !== real) differences.push({ field, form: form.join('; '), archive: actual.join('; ') })
  }
  const sent = (field: string) =>
    (fields.get(field) ?? []).map((value) => value.trim()).filter((value) => value !== '' && value !== 'UNKNOWN')
  compare(
    'name',
    sent('name'),
    [archive.name],
    (text) => parseProjectName(text.replace(/[^A-Za-z0-9.]+/g, '-')) ?? text,
  )
  compare('version', sent('version'), [archive.version], (text) => parseVersion(text)?.key ?? text)
  compare(
    'requires_python',
    sent('requires_python'),
    archive.requiresPython === undefined ? [] : [archive.requiresPython],
    specifierMeaning,
  )
  compare('requires_dist', sent('requires_dist'), archive.requiresDist, requirementMeaning)
  return differences
}

/** Clauses in any order, without blanks: "<4, >=3.8" is ">=3.8,<4". */
function specifierMeaning(text: string): string {
  const clauses = text
    .replace(/\s+/g, '')
    .split(',')
    .filter((clause) => clause !== '')
  return clauses.sort().join(',')
}

/**
 * A requirement (PEP 508) without what does not change it: blanks, brackets around the versions, the spelling of the
 * name, the order of extras and clauses, the kind of quotes.
 */
function requirementMeaning(text: string): string {
  const [, name = '', extras = '', rest = ''] = /^\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?([\s\S]*)$/.exec(text) ?? []
  const semicolon = rest.includes('@') ? rest.search(/\s;/) : rest.indexOf(';')
  const [specifier, marker] =
    semicolon === -1 ? [rest, ''] : [rest.slice(0, semicolon), rest.slice(semicolon).replace(/^\s*;/, '')]
  const sortedExtras = extras
    .split(',')
    .map((extra) => parseProjectName(extra.trim()) ?? '')
    .sort()
  const plainSpecifier = specifierMeaning(specifier.replace(/^\s*\(([\s\S]*)\)\s*$/, '$1'))
  const plainMarker = marker.replace(/'/g, '"').replace(/\s+/g, '')
  return `${parseProjectName(name) ?? name}[${sortedExtras.join()}]${plainSpecifier};${plainMarker}`
}
