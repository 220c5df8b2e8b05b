/**
 * Ends what a dead attempt left at work: pip works in a child, and uv beside the shell, which go on where the one that
 * started them was killed. They are told by their command lines, which must hold each of these words of shell,
 * or one of those that `-e` divides.
 */
export function endLeftovers(first: string, ...others: readonly string[]): string {
  const narrowed = others.map((word) => ` | xargs -r grep -lsF -e ${word}`).join('')
  return `grep -lsF -e ${first} /proc/[0-9]*/cmdline${narrowed} | cut -d/ -f3 | xargs -r kill -9 2>/dev/null || :`
}
