/** Headers by lower-case name, each with its values in order, up to the first empty line (RFC 5322 2.2, folding 2.2.3). */
export function parseHeaderLines(text: string): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length
  for (const line of text.slice(0, end).split(/\r?\n(?![ \t])/)) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  return headers
}
