/** Reads a text from left to right. Patterns must be sticky (`/…/y`). */
export interface TextReader {
  /** The text that the pattern matches here, moving behind it. */
  take(pattern: RegExp): string | undefined
  /** Spaces and tabs, the only blanks of PEP 508. */
  skipBlanks(): void
  readonly atEnd: boolean
  /** What is left, for messages. */
  readonly rest: string
}

export function readText(text: string): TextReader {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  return {
    take,
    skipBlanks: () => void take(/[ \t]+/y),
    get atEnd() {
      return at === text.length
    },
    get rest() {
      return text.slice(at)
    },
  }
}

/** What a parser throws inside of its file, and catches at its border. */
export class NotReadable extends Error {}
