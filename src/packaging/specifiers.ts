import { pythonSpace, stripPythonSpace } from './python-text.ts'
import { compareParts, comparePublic, compareReleases } from './version-order.ts'
import { parseVersion, type Version, versionOf } from './versions.ts'

export type Operator = '===' | '==' | '!=' | '~=' | '<=' | '>=' | '<' | '>'

/** One clause of PEP 440: ">=1.0". */
export interface Specifier {
  readonly operator: Operator
  /** As written. */
  readonly text: string
  /** Without ".*"; only "===" can do without one. */
  readonly version: Version | undefined
  readonly isPrefix: boolean
}

/** Clauses that all have to hold; none hold always. */
export type SpecifierSet = readonly Specifier[]

/** Of a clause; a version has half of it at most. */
const maxLength = 512

const release = String.raw`v?(?:\d+!)?\d+(?:\.\d+)*`
const suffixes = String.raw`(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?\d*)?(?:-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?(?:[-_.]?dev[-_.]?\d*)?`
const local = String.raw`(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?`

/** Which versions each operator takes: prefixes and local parts only "==" and "!=", two parts at least "~=". */
const patterns: readonly (readonly [Operator, RegExp])[] = [
  ['===', new RegExp(`^===[${pythonSpace}]*([^${pythonSpace};)]+)$`)],
  ['==', clause('==', `${release}(?:\\.\\*|${suffixes}${local})`)],
  ['!=', clause('!=', `${release}(?:\\.\\*|${suffixes}${local})`)],
  ['~=', clause('~=', String.raw`v?(?:\d+!)?\d+(?:\.\d+)+${suffixes}`)],
  ['<=', clause('<=', release + suffixes)],
  ['>=', clause('>=', release + suffixes)],
  ['<', clause('<', release + suffixes)],
  ['>', clause('>', release + suffixes)],
]

/** `undefined` where a clause cannot be read. Empty clauses are skipped, as the reference skips them: ">=1," is fine. */
export function parseSpecifiers(text: string): SpecifierSet | undefined {
  const parsed = text
    .split(',')
    .map(stripPythonSpace)
    .filter((part) => part !== '')
    .map(parseSpecifier)
  return parsed.every((specifier) => specifier !== undefined) ? parsed : undefined
}

export function parseSpecifier(raw: string): Specifier | undefined {
  const text = stripPythonSpace(raw)
  if (text.length > maxLength) return undefined
  for (const [operator, pattern] of patterns) {
    const written = pattern.exec(text)?.[1]
    if (written === undefined) continue
    const isPrefix = operator !== '===' && written.endsWith('.*')
    const version = parseVersion(isPrefix ? written.slice(0, -2) : written)
    return version === undefined && operator !== '===' ? undefined : { operator, text: written, version, isPrefix }
  }
  return undefined
}

/**
 * Whether a version (as text: "===" compares it so) is in the set. As in `packaging` since 26.0 a pre-release is, unless
 * `prereleases` is false: a version that is asked about alone has no alternative.
 */
export function contains(set: SpecifierSet, text: string, prereleases?: boolean): boolean {
  const version = parseVersion(text)
  if (prereleases === false && version?.isPrerelease === true) return false
  return set.every((specifier) => matches(specifier, text, version))
}

/** PEP 440 "Handling of pre-releases": they count where a clause names one, or where nothing else is in the set. */
export function filterVersions(set: SpecifierSet, texts: readonly string[], prereleases?: boolean): string[] {
  const inside = texts.filter((text) => contains(set, text, true))
  const isFinal = (text: string) => parseVersion(text)?.isPrerelease !== true
  if (prereleases ?? set.some(namesPrerelease)) return inside
  const finals = inside.filter(isFinal)
  const hasVersion = finals.some((text) => parseVersion(text) !== undefined)
  return prereleases === false || hasVersion ? finals : inside
}

/** Sorted, each once, with normal versions: equal for sets that are equal to the reference. */
export function canonicalSpecifiers(set: SpecifierSet): string {
  const texts = set.map(({ operator, text, version, isPrefix }) => {
    if (operator === '===' || isPrefix || version === undefined) return operator + text
    const { parts } = version
    return (
      operator +
      (operator === '~=' ? version.canonical : versionOf({ ...parts, release: trimmed(parts.release) }).canonical)
    )
  })
  return [...new Set(texts)].sort().join(',')
}

function matches(specifier: Specifier, text: string, version: Version | undefined): boolean {
  if (specifier.operator === '===') return text.toLowerCase() === specifier.text.toLowerCase()
  if (version === undefined || specifier.version === undefined) return false
  return matchesVersion(specifier.operator, version, specifier.version, specifier.isPrefix)
}

/** PEP 440 "Version specifiers". Local parts of the candidate count only where the clause names one, or asks for an order above. */
function matchesVersion(
  operator: Exclude<Operator, '==='>,
  version: Version,
  bound: Version,
  isPrefix: boolean,
): boolean {
  const [v, b] = [version.parts, bound.parts]
  switch (operator) {
    case '==':
      if (isPrefix) return hasPrefix(version, bound, b.release.length)
      return (b.local === undefined ? comparePublic(v, b) : compareParts(v, b)) === 0
    case '!=':
      return !matchesVersion('==', version, bound, isPrefix)
    case '~=':
      return compareParts(v, b) >= 0 && hasPrefix(version, bound, b.release.length - 1)
    case '>=':
      return compareParts(v, b) >= 0
    case '<=':
      return comparePublic(v, b) <= 0
    case '<':
      return isBelow(version, bound)
    case '>':
      return isAbove(version, bound)
  }
}

function hasPrefix(version: Version, bound: Version, length: number): boolean {
  const start = Array.from({ length }, (_, at) => version.parts.release[at] ?? '0')
  return version.parts.epoch === bound.parts.epoch && compareReleases(start, bound.parts.release.slice(0, length)) === 0
}

/** "<1.0" does not let 1.0rc1 in, unless it names a pre-release itself. */
function isBelow(version: Version, bound: Version): boolean {
  const limit = bound.isPrerelease ? bound.parts : { ...bound.parts, dev: '0', local: undefined }
  return compareParts(version.parts, limit) < 0
}

/** ">1.0" lets neither 1.0.post1 in, unless it names a post-release itself, nor 1.0+local. */
function isAbove(version: Version, bound: Version): boolean {
  const [v, b] = [version.parts, bound.parts]
  if (comparePublic(v, b) <= 0) return false
  if (b.post !== undefined || b.dev !== undefined) return true
  const samePre = v.pre?.label === b.pre?.label && v.pre?.number === b.pre?.number
  return v.epoch !== b.epoch || compareReleases(v.release, b.release) !== 0 || !samePre
}

function namesPrerelease({ operator, version, isPrefix }: Specifier): boolean {
  return operator !== '!=' && !isPrefix && version?.isPrerelease === true
}

function trimmed(parts: readonly string[]): readonly string[] {
  let end = parts.length
  while (end > 1 && parts[end - 1] === '0') end--
  return parts.slice(0, end)
}

function clause(operator: string, version: string): RegExp {
  return new RegExp(`^${operator}[${pythonSpace}]*(${version})$`, 'i')
}
