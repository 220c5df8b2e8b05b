import type { Environment } from '../config/environment.ts'
import type { Screen } from './command.ts'

/** `undefined` where nobody looks at what is written, as in CI: some of those give a terminal, and keep all that was ever drawn. */
export function screenOf(
  stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>,
  { CI, TERM }: Environment,
): Screen | undefined {
  if (!stdout.isTTY || TERM === undefined || TERM === 'dumb' || (CI !== undefined && CI !== 'false')) return undefined
  return {
    write: (text) => void stdout.write(text),
    // A pseudo-terminal that nobody gave a size has none.
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  }
}
