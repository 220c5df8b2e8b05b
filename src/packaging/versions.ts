import { compare, parse } from '@renovatebot/pep440'

/** A version as PEP 440 reads it. */
export interface Version {
  /** Normal form, as `packaging` prints it: "1.0RC-1" is "1.0rc1". */
  readonly canonical: string
  /** Equal for versions that compare equal: "1.0" and "1.0.0" have one key. */
  readonly key: string
  readonly isPrerelease: boolean
  /** Without the local part. */
  readonly public: string
  /** After the "+", normalised. */
  readonly local: string | undefined
}

/**
 * `undefined` where the text is no version. Two quirks of the library are closed here: it reads numbers as floats, so
 * that those beyond 15 digits would lose their tail (refused), and local parts such as "1e5" as numbers (read here).
 */
export function parseVersion(raw: string): Version | undefined {
  const text = raw.trim()
  if (text.length > 128 || /\d{16}/.test(text)) return undefined
  const [publicText = '', localText] = splitLocal(text)
  const parsed = parse(publicText)
  const local = localText === undefined ? undefined : parseLocal(localText)
  if (!parsed || (localText !== undefined && local === undefined)) return undefined
  const epoch = parsed.epoch === 0 ? '' : `${parsed.epoch}!`
  const parts = [parsed.pre, parsed.post && ['.post', parsed.post[1]], parsed.dev && ['.dev', parsed.dev[1]]]
  const suffix = parts.map((part) => (part ?? []).join('')).join('')
  const publicPart = `${epoch}${parsed.release.join('.')}${suffix}`
  const end = local === undefined ? '' : `+${local}`
  return {
    canonical: publicPart + end,
    key: `${epoch}${parsed.release.join('.').replace(/(\.0)+$/, '')}${suffix}${end}`,
    isPrerelease: Boolean(parsed.pre ?? parsed.dev),
    public: publicPart,
    local,
  }
}

/** Order of PEP 440: negative, zero or positive. */
export function compareVersions(a: Version, b: Version): number {
  return compare(a.public, b.public) || compareLocal(a.local, b.local)
}

/** Texts in PEP 440 order; what is no version comes first, by text. */
export function sortVersions(texts: readonly string[]): string[] {
  return texts
    .map((text) => ({ text, version: parseVersion(text) }))
    .sort((a, b) => {
      if (a.version !== undefined && b.version !== undefined) return compareVersions(a.version, b.version)
      if (a.version === undefined && b.version === undefined) return a.text < b.text ? -1 : 1
      return a.version === undefined ? -1 : 1
    })
    .map(({ text }) => text)
}

function splitLocal(text: string): [string, string | undefined] {
  const plus = text.indexOf('+')
  return plus === -1 ? [text, undefined] : [text.slice(0, plus), text.slice(plus + 1)]
}

/** PEP 440 "Local version identifiers": parts of ASCII letters and digits; numbers lose their leading zeros. */
function parseLocal(text: string): string | undefined {
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/i.test(text)) return undefined
  const parts = text.toLowerCase().split(/[-_.]/)
  return parts.map((part) => (/^\d+$/.test(part) ? String(Number(part)) : part)).join('.')
}

/** No local part sorts before any; numbers after words; more parts after fewer. */
function compareLocal(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  const [left, right] = [a.split('.'), b.split('.')]
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const order = comparePart(left[n] ?? '', right[n] ?? '')
    if (order !== 0) return order
  }
  return left.length - right.length
}

function comparePart(a: string, b: string): number {
  const [numberA, numberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (numberA && numberB) return Number(a) - Number(b)
  if (numberA !== numberB) return numberA ? 1 : -1
  return a < b ? -1 : Number(a > b)
}
