declare const normalised: unique symbol

/** A project name in its normal form (PEP 503): lower case, with single dashes. Two spellings of a name have one of it. */
export type ProjectName = string & { readonly [normalised]: true }

/** PEP 508: ASCII letters and digits, with `.`, `_` and `-` inside. */
const validName = /^[A-Z0-9]$|^[A-Z0-9][A-Z0-9._-]*[A-Z0-9]$/i

/** The normal form of a name, or `undefined` where it is none. 200 characters are more than any real one has. */
export function parseProjectName(raw: string): ProjectName | undefined {
  if (raw.length > 200 || !validName.test(raw)) return undefined
  return raw.replace(/[-_.]+/g, '-').toLowerCase() as ProjectName
}
