/**
 * What a token may do. `manage` yanks and sets a project's status, `delete` deletes and restores. `admin` may do everything,
 * and alone may make tokens.
 */
export const scopes = ['read', 'upload', 'promote', 'manage', 'delete', 'admin'] as const

export type Scope = (typeof scopes)[number]

export function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text)
}

export function allows(granted: readonly Scope[], wanted: Scope): boolean {
  return granted.includes('admin') || granted.includes(wanted)
}
