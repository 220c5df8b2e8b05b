import { DomainError } from '../errors.ts'

/** A mistake with the place where to mend it: `PORT`, or `services.web.restart` of a file. */
export interface Mistake {
  readonly path: string
  readonly problem: string
}

/** One message with every mistake, so that a configuration is mended in one go. */
export function configurationError(source: string, mistakes: readonly Mistake[]): DomainError {
  const lines = mistakes.map(({ path, problem }) => `  ${path === '' ? '(top level)' : path}: ${problem}`)
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
  const text = `The configuration has ${count} (${source}):\n${lines.join('\n')}`
  return new DomainError('configuration', text, { mistakes: lines.map((line) => line.trim()) })
}
