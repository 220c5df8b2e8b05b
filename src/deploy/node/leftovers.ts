/**
 * Ends what a dead attempt left at work: pip works in a child, and uv beside the shell, which go on where the one that
 * started them was killed. They are told by their command lines, which must hold each of these words of shell.
 */
export function endLeftovers(first: string, ...others: readonly string[]): string {
  const narrowed = others.map((word) => ` | xargs -r grep -lsF -- ${word}`).join('')
  return `grep -lsF -- ${first} /proc/[0-9]*/cmdline${narrowed} | cut -d/ -f3 | xargs -r kill -9 2>/dev/null || :`
}
