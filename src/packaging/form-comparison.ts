import type { CoreMetadata } from './core-metadata.ts'
import { metadataFields } from './metadata/fields.ts'
import { parseProjectName } from './names.ts'
import { parseRequirement, requirementMeaning } from './requirements.ts'
import { canonicalSpecifiers, parseSpecifiers } from './specifiers.ts'
import { parseVersion } from './versions.ts'

export interface FormDifference {
  /** As the form calls it. */
  readonly field: string
  readonly form: string
  readonly archive: string
}

export interface FormComparison {
  /** Would mislead an installer, or the person who reads the answer: a reason to refuse. */
  readonly misleading: readonly FormDifference[]
  /** For the audit: twine, flit and pdm rewrite several fields, and the archive is what counts. */
  readonly other: readonly FormDifference[]
}

type Fields = ReadonlyMap<string, readonly string[]>

/** The header of each field that is compared by what it means to an installer. */
const meanings: Readonly<Record<string, (text: string) => string>> = {
  // twine has "-" for whatever is no letter, digit or dot.
  Name: (text) => parseProjectName(text.replace(/[^A-Za-z0-9.]+/g, '-')) ?? text,
  Version: (text) => parseVersion(text)?.key ?? text,
  'Requires-Python': specifierMeaning,
  'Requires-Dist': (text) => {
    const requirement = parseRequirement(text)
    return requirement === undefined ? plain(text) : requirementMeaning(requirement)
  },
}

/** Descriptions are long, live elsewhere in the archive, and are shown from there. */
const notCompared = ['Description']

/**
 * Where a form and its archive disagree. A field that the form does not send says nothing, as old clients leave out what
 * they do not know; so does empty text and "UNKNOWN".
 */
export function compareForm(fields: Fields, archive: CoreMetadata): FormComparison {
  const [misleading, other]: [FormDifference[], FormDifference[]] = [[], []]
  for (const { header, form } of metadataFields.filter(({ header }) => !notCompared.includes(header))) {
    const field = form.find((name) => fields.has(name))
    const sent = field === undefined ? [] : presentIn(fields.get(field) ?? [])
    const actual = presentIn(archive.headers.get(header.toLowerCase()) ?? [])
    if (field === undefined || sent.length === 0 || isSame(header, sent, actual)) continue
    const difference = { field, form: sent.join('; '), archive: actual.join('; ') }
    if (header in meanings) misleading.push(difference)
    else other.push(difference)
  }
  return { misleading, other }
}

function presentIn(values: readonly string[]): string[] {
  return values.map((value) => value.trim()).filter((value) => value !== '' && value !== 'UNKNOWN')
}

function isSame(header: string, sent: readonly string[], actual: readonly string[]): boolean {
  const meaning = meanings[header] ?? (header === 'Keywords' ? keywordMeaning : plain)
  const areEqual = (read: (text: string) => string) => {
    const [form, archive] = [sent, actual].map((texts) => texts.map(read).sort().join('\n'))
    return form === archive
  }
  // Most forms say it in the same words, which need not be parsed.
  return areEqual(plain) || areEqual(meaning)
}

function specifierMeaning(text: string): string {
  const specifiers = parseSpecifiers(text)
  return specifiers === undefined ? plain(text) : canonicalSpecifiers(specifiers)
}

/** "a, b", "a,b" and "a b" are the same words. */
function keywordMeaning(text: string): string {
  return text.split(/[\s,]+/).join(',')
}

function plain(text: string): string {
  return text.split(/\s+/).join(' ')
}
