import { spdxExceptions, spdxLicenses } from './spdx-ids.ts'

export type LicenseExpression =
  | { readonly ok: true; readonly canonical: string }
  | { readonly ok: false; readonly why: string }

const operators = ['or', 'and', 'with']
const maxDepth = 200

/** An SPDX licence expression as PEP 639 has it, in any case, with `LicenseRef-` for what SPDX does not list. */
export function parseLicenseExpression(text: string): LicenseExpression {
  const words = text.replace(/[()]/g, ' $& ').split(/\s+/).filter(Boolean)
  if (!isWellFormed(words.map((word) => word.toLowerCase()))) return bad(`"${text}" is no SPDX expression`)
  const [licenses, exceptions, refs] = [idsIn(spdxLicenses), idsIn(spdxExceptions), new Map<string, string>()]
  const canonical: string[] = []
  for (const word of words) {
    const lower = word.toLowerCase()
    if (operators.includes(lower) || /^[()]$/.test(word)) {
      canonical.push(lower.toUpperCase())
      continue
    }
    const isException = canonical.at(-1) === 'WITH'
    const id = isException ? exceptions.get(lower) : licenseId(word, licenses, refs)
    if (id === undefined) return bad(`"${word}" is no ${isException ? 'licence exception' : 'licence'} that SPDX lists`)
    canonical.push(id)
  }
  return { ok: true, canonical: canonical.join(' ').replace(/\( /g, '(').replace(/ \)/g, ')') }
}

/** Names and operators by turns, brackets in pairs; WITH stands between two names. */
function isWellFormed(words: readonly string[]): boolean {
  let depth = 0
  let expectsName = true
  for (const [at, word] of words.entries()) {
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (word === 'with' && !(isName(words[at - 1]) && isName(words[at + 1]) && words[at - 2] !== 'with'))
      return false
    const opens = word === '(' || !(word === ')' || operators.includes(word))
    if (opens !== expectsName || depth < 0 || depth > maxDepth) return false
    if (word !== '(' && word !== ')') expectsName = !expectsName
  }
  return depth === 0 && !expectsName
}

function isName(word: string | undefined): boolean {
  return word !== undefined && !/^[()]$/.test(word) && !operators.includes(word)
}

/** A reference of one's own keeps the spelling in which it comes first. */
function licenseId(word: string, licenses: ReadonlyMap<string, string>, refs: Map<string, string>): string | undefined {
  const lower = word.toLowerCase()
  const own = /^licenseref-([a-z0-9.-]+)$/i.exec(word)?.[1]
  if (own !== undefined) {
    const known = refs.get(lower) ?? `LicenseRef-${own}`
    refs.set(lower, known)
    return known
  }
  const id = licenses.get(lower.replace(/\+$/, ''))
  return id === undefined || !lower.endsWith('+') ? id : `${id}+`
}

function idsIn(list: string): ReadonlyMap<string, string> {
  return new Map(
    list
      .trim()
      .split(/\s+/)
      .map((id) => [id.toLowerCase(), id]),
  )
}

function bad(why: string): LicenseExpression {
  return { ok: false, why }
}
