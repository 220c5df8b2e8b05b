export interface Message {
  /** By lower-case name, each with its values in order. Folded lines keep their breaks. */
  readonly headers: Map<string, string[]>
  readonly body: string
}

/** Headers by lower-case name, each with its values in order. */
export function parseHeaderLines(text: string): Map<string, string[]> {
  return parseMessage(text).headers
}

/**
 * Headers and body (RFC 5322 2.2, folding 2.2.3) where Python's `email` sees them, or a file would say one thing here and
 * another to pip: a bare carriage return ends a line too, and the first line that is no header begins the body, blank
 * line or not.
 */
export function parseMessage(text: string): Message {
  const headers = new Map<string, string[]>()
  let last: string[] | undefined
  let envelope = ''
  let at = 0
  while (at < text.length) {
    const { line, next } = lineAt(text, at)
    const name = /^[!-9;-~]+(?=:)/.exec(line)?.[0].toLowerCase()
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last.push(`${last.pop() ?? ''}\n${line}`)
    } else if (line.startsWith('From ') || line.startsWith(':')) {
      // No headers, and what continues them is none. Where nothing follows, "From " begins the body.
      last = undefined
    } else if (name !== undefined) {
      last = headers.get(name) ?? []
      last.push(line.slice(name.length + 1).replace(/^[ \t]+/, ''))
      headers.set(name, last)
    } else {
      return { headers: trimmed(headers), body: envelope + text.slice(line === '' ? next : at) }
    }
    envelope = at > 0 && line.startsWith('From ') ? text.slice(at, next) : ''
    at = next
  }
  return { headers: trimmed(headers), body: envelope }
}

function lineAt(text: string, start: number): { readonly line: string; readonly next: number } {
  const pattern = /([^\r\n]*)(\r\n|\r|\n|)/y
  pattern.lastIndex = start
  const [whole = '', line = ''] = pattern.exec(text) ?? []
  return { line, next: start + whole.length }
}

function trimmed(headers: Map<string, string[]>): Map<string, string[]> {
  return new Map([...headers].map(([name, values]) => [name, values.map((value) => value.trimEnd())]))
}
