const simple: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

const escapes = /\\(?:([0-7]{1,3})|x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|([\s\S]?))/g

/** What a Python string literal means (PEP 508 has them in markers), without its quotes. `undefined` where it is none. */
export function pythonString(body: string): string | undefined {
  // A line cannot end inside of a literal, and source text has no NUL.
  if (/[\r\n\0]/.test(body)) return undefined
  let isSound = true
  const text = body.replace(escapes, (whole, octal?: string, x?: string, u?: string, upper?: string, other = '') => {
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
    const code = Number.parseInt(x ?? u ?? upper ?? '', 16)
    if (code <= 0x10ffff) return String.fromCodePoint(code)
    if (!Number.isNaN(code) || ['', 'x', 'u', 'U', 'N'].includes(other)) isSound = false
    return simple[other] ?? whole
  })
  return isSound ? text : undefined
}
