/** The names that stand in braces. Those without a value are found at load, so none is left when they are filled in. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(/\{([a-z_]+)\}/g)].map(([, name = '']) => name)
}

export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z_]+)\}/g, (whole, name: string) => values[name] ?? whole)
}
