/** One word of a POSIX shell line, whatever is in the text (POSIX 2.2.2): nothing is special between single quotes. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A command line from its words. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}
