import { parseProjectName } from '../packaging/names.ts'

/**
 * What a token may do. `manage`: yank, delete, restore, and set a project's status. `deploy`: run deploys by hand.
 * `approve`: let deploys go on that need it. `admin` may do everything, and alone may make tokens.
 */
export const scopes = ['read', 'upload', 'manage', 'promote', 'deploy', 'approve', 'admin'] as const

export type Scope = (typeof scopes)[number]

/** A scope, for all projects or for those that a pattern names: `read`, `upload:app`, `promote:acme-*`. */
export type Grant = Scope | `${Scope}:${string}`

/** The canonical grant, or a sentence that says what is wrong with it. */
export function parseGrant(text: string): { readonly grant: Grant } | { readonly problem: string } {
  const [scope = '', ...rest] = text.split(':')
  if (!isScope(scope)) return { problem: `There is no scope "${scope}". There are: ${scopes.join(', ')}.` }
  if (rest.length === 0) return { grant: scope }
  if (scope === 'admin') return { problem: '"admin" is for everything: it takes no projects.' }
  const pattern = canonicalPattern(rest.join(':'))
  if (pattern !== undefined) return { grant: `${scope}:${pattern}` }
  return { problem: `"${text}" names no projects: write ${scope}:app, or ${scope}:acme-* for all that begin so.` }
}

export function isGrant(text: string): text is Grant {
  const parsed = parseGrant(text)
  return 'grant' in parsed && parsed.grant === text
}

/** Whether the grants cover the scope, for this project; with no project named, for any at all. */
export function allows(granted: readonly Grant[], wanted: Scope, project?: string): boolean {
  return granted.some((grant) => {
    if (grant === 'admin' || grant === wanted) return true
    if (!grant.startsWith(`${wanted}:`)) return false
    return project === undefined || matchesPattern(grant.slice(wanted.length + 1), project)
  })
}

/** Whether the scope is granted for every project there is or will be. */
export function allowsEverywhere(granted: readonly Grant[], wanted: Scope): boolean {
  return granted.some((grant) => grant === 'admin' || grant === wanted || grant === `${wanted}:*`)
}

/** What a token may do with this scope, as one text: two tokens with the same text may do the same. */
export function reachOf(granted: readonly Grant[], wanted: Scope): string {
  const grants = granted.filter((grant) => grant === wanted || grant.startsWith(`${wanted}:`))
  return [...new Set(grants)].sort().join()
}

function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text)
}

/** Names are compared normalised (PEP 503), so the parts between the stars are written that way too. */
function canonicalPattern(text: string): string | undefined {
  const pattern = text.toLowerCase().replace(/[-_.]+/g, '-')
  if (!/^[a-z0-9*-]+$/.test(pattern)) return undefined
  return pattern.includes('*') || parseProjectName(pattern) === pattern ? pattern : undefined
}

/** `*` stands for any characters. Linear in the name for each part: a pattern is no way to keep the server busy. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
