/** What a version consists of (PEP 440). Numbers are decimal text without leading zeros. */
export interface VersionParts {
  readonly epoch: string
  readonly release: readonly string[]
  readonly pre: { readonly label: 'a' | 'b' | 'rc'; readonly number: string } | undefined
  readonly post: string | undefined
  readonly dev: string | undefined
  readonly local: readonly string[] | undefined
}

/** Order of PEP 440 ("Summary of permitted suffixes and relative ordering"): negative, zero or positive. */
export function compareParts(a: VersionParts, b: VersionParts): number {
  return comparePublic(a, b) || compareLocal(a.local, b.local)
}

/** The same without local parts. */
export function comparePublic(a: VersionParts, b: VersionParts): number {
  return (
    compareNumbers(a.epoch, b.epoch) ||
    compareReleases(a.release, b.release) ||
    preRank(a) - preRank(b) ||
    compareNumbers(a.pre?.number, b.pre?.number) ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1)
  )
}

/** Missing parts are zeros: 1 is 1.0. */
export function compareReleases(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareNumbers(a[at], b[at])
    if (order !== 0) return order
  }
  return 0
}

/** 1.0.dev1 comes before 1.0a1, but 1.0.post1.dev1 after 1.0. */
function preRank({ pre, post, dev }: VersionParts): number {
  if (pre !== undefined) return { a: 0, b: 1, rc: 2 }[pre.label]
  return post === undefined && dev !== undefined ? -1 : 3
}

function compareOptional(a: string | undefined, b: string | undefined, missing: -1 | 1): number {
  if (a === undefined || b === undefined) return missing * (Number(a === undefined) - Number(b === undefined))
  return compareNumbers(a, b)
}

/** Decimal texts of any length. */
function compareNumbers(a = '0', b = '0'): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b))
}

/** No local part sorts before any; numbers after words; more parts after fewer. */
function compareLocal(a: readonly string[] | undefined, b: readonly string[] | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compareLocalPart(a[at] ?? '', b[at] ?? '')
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareLocalPart(a: string, b: string): number {
  const [numberA, numberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (numberA !== numberB) return numberA ? 1 : -1
  return numberA ? compareNumbers(a, b) : a < b ? -1 : Number(a > b)
}
