import type { ToolName } from '../support/tools.ts'

/** What the demo needs beyond npm: it fetches these and nothing else. */
export const demoTools: readonly ToolName[] = ['sshd', 'python', 'curl', 'twine', 'build']

/** Why the demo cannot be run so, in one line; `undefined` where nothing is in the way. */
export function obstacle(words: readonly string[], debian: boolean): string | undefined {
  const unknown = words.filter((word) => word !== '--keep')
  if (unknown.length > 0) return `There is no ${unknown.join(' ')}. Usage: npm run demo [-- --keep]`
  if (debian) return undefined
  return 'The demo needs Debian, or a distribution made from it, and root: it installs sshd, python3 and curl by apt.'
}
