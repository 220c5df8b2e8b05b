import { stripPythonSpace } from './python-text.ts'
import { compareParts, type VersionParts } from './version-order.ts'

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
  readonly parts: VersionParts
}

/** Longer than any real version; a filename has room for less. */
const maxLength = 256

/** PEP 440 appendix B, with the spellings that it normalises. The flag `i` knows ASCII only, as the reference does. */
const pattern =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[._-]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[._-]?(?<preN>\d*))?(?:-(?<postDash>\d+)|[._-]?(?<post>post|rev|r)[._-]?(?<postN>\d*))?(?:[._-]?(?<dev>dev)[._-]?(?<devN>\d*))?(?:\+(?<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?$/i

const preLabels: Readonly<Record<string, 'a' | 'b' | 'rc'>> = {
  a: 'a',
  alpha: 'a',
  b: 'b',
  beta: 'b',
  c: 'rc',
  rc: 'rc',
  pre: 'rc',
  preview: 'rc',
}

/** `undefined` where the text is no version. Numbers stay text: a date with a time has more digits than a double holds. */
export function parseVersion(raw: string): Version | undefined {
  const text = stripPythonSpace(raw)
  const groups = text.length > maxLength ? undefined : pattern.exec(text)?.groups
  return groups === undefined ? undefined : versionOf(partsOf(groups))
}

export function versionOf(parts: VersionParts): Version {
  const epoch = parts.epoch === '0' ? '' : `${parts.epoch}!`
  const pre = parts.pre === undefined ? '' : parts.pre.label + parts.pre.number
  const post = parts.post === undefined ? '' : `.post${parts.post}`
  const suffix = `${pre}${post}${parts.dev === undefined ? '' : `.dev${parts.dev}`}`
  const release = parts.release.join('.')
  const local = parts.local?.join('.')
  const end = local === undefined ? '' : `+${local}`
  return {
    canonical: `${epoch}${release}${suffix}${end}`,
    key: `${epoch}${release.replace(/(\.0)+$/, '')}${suffix}${end}`,
    isPrerelease: parts.pre !== undefined || parts.dev !== undefined,
    public: `${epoch}${release}${suffix}`,
    local,
    parts,
  }
}

/** Order of PEP 440: negative, zero or positive. */
export function compareVersions(a: Version, b: Version): number {
  return compareParts(a.parts, b.parts)
}

/** The same of two texts; `undefined` where one of them is no version. */
export function compareVersionTexts(a: string, b: string): number | undefined {
  const [one, other] = [parseVersion(a), parseVersion(b)]
  return one === undefined || other === undefined ? undefined : compareVersions(one, other)
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

function partsOf(groups: Readonly<Record<string, string | undefined>>): VersionParts {
  const { epoch, release = '', pre, preN, postDash, post, postN, dev, devN, local } = groups
  const label = pre === undefined ? undefined : preLabels[pre.toLowerCase()]
  const hasPost = postDash !== undefined || post !== undefined
  return {
    epoch: plain(epoch),
    release: release.split('.').map(plain),
    pre: label === undefined ? undefined : { label, number: plain(preN) },
    post: hasPost ? plain(postDash ?? postN) : undefined,
    dev: dev === undefined ? undefined : plain(devN),
    local: local
      ?.toLowerCase()
      .split(/[._-]/)
      .map((part) => (/^\d+$/.test(part) ? plain(part) : part)),
  }
}

/** A number without leading zeros; one that was left out is 0 ("1.0a" is "1.0a0"). */
function plain(digits: string | undefined): string {
  return (digits ?? '').replace(/^0+(?=\d)/, '') || '0'
}
