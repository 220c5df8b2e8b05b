/**
 * Rows of a CSV as Python's `csv` reads them by default (RFC 4180: fields with commas or quotes in quotes, quotes doubled), one
 * at a time. `undefined`, and no more, where a quote is not closed, text follows one, or a row has more than `columns`. No
 * regular expression walks over the text: on megabytes of quotes it would run out of stack.
 */
export function* csvRows(text: string, columns: number): Generator<readonly string[] | undefined> {
  let row: string[] = []
  for (let at = 0; at < text.length || row.length > 0; ) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at)
    if (field === undefined || row.length === columns) return yield undefined
    row.push(field.value)
    const end = text[field.end] === '\r' && text[field.end + 1] === '\n' ? field.end + 1 : field.end
    at = end + 1
    if (text[end] === ',') continue
    if (end < text.length && text[end] !== '\n') return yield undefined
    yield row
    row = []
  }
}

interface Field {
  readonly value: string
  /** Of what ends it. */
  readonly end: number
}

function quotedField(text: string, start: number): Field | undefined {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  return end === -1 ? undefined : { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
}

function plainField(text: string, start: number): Field | undefined {
  let end = start
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') {
    if (text[end] === '"') return undefined
    end++
  }
  return { value: text.slice(start, end), end }
}
