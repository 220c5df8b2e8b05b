/** What `\s` and `str.strip` mean in Python, which is not what they mean here: U+001C to U+001F and U+0085 count, U+FEFF does not. */
export const pythonSpace = '\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

export function stripPythonSpace(text: string): string {
  if (/^[!-~](?:.*[!-~])?$/s.test(text)) return text
  return text.replace(new RegExp(`^[${pythonSpace}]+`), '').replace(new RegExp(`[${pythonSpace}]+$`), '')
}
