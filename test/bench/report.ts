import { cpus } from 'node:os'

/** A table as it goes into docs/performance.md. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What a reader has to know about the figures, a sentence each. */
  readonly notes?: readonly string[]
}

export function markdown({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `### ${title}`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n')
}

export function machine(): string {
  return `Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`
}

/** Progress goes to standard error: standard output is the tables alone. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}
