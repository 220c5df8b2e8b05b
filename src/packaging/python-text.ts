/** What `\s` and `str.strip` mean in Python, which is not what they mean here: U+001C to U+001F and U+0085 count, U+FEFF does not. */
export const pythonSpace = '\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const characters =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'

export function stripPythonSpace(text: string): string {
  return strip(text, characters)
}

/** Without spaces and tabs around it. */
export function stripBlanks(text: string): string {
  return strip(text, ' \t')
}

/** A loop, as a pattern for the end of a text takes quadratic time where blanks stand in its middle. */
function strip(text: string, blanks: string): string {
  let [start, end] = [0, text.length]
  while (start < end && blanks.includes(text.charAt(start))) start++
  while (end > start && blanks.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
