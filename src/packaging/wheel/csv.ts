/**
 * Rows of a CSV as Python's `csv` reads them by default (RFC 4180: fields with commas or quotes in quotes, quotes doubled);
 * empty lines are left out. `undefined` where a quote is not closed or text follows one.
 */
export function parseCsv(text: string): string[][] | undefined {
  const rows: string[][] = []
  // A field, and what ends it.
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y
  let row: string[] = []
  while (field.lastIndex < text.length || row.length > 0) {
    const found = field.exec(text)
    if (found === null) return undefined
    const [, raw = '', end = ''] = found
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw)
    if (end === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    if (end === '') break
  }
  return rows
}
