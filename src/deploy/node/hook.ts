import { commandLine, quote } from './shell.ts'

export type Environment = Readonly<Record<string, string>>

export interface Hook {
  /** The service's folder, in which the command is run. */
  readonly root: string
  readonly argv: readonly string[]
  readonly environment: Environment
  /** The folder of a release whose environment it is run in, as if that were activated. */
  readonly release?: string
}

/** A command of the operator's on a node. Nothing of the run itself is in its environment. */
export function hookScript({ root, argv, environment, release }: Hook): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`)
  const activated =
    release === undefined ? [] : [`export VIRTUAL_ENV=${quote(release)} PATH=${quote(`${release}/bin`)}:"$PATH"`]
  const lines = ['set -eu', `cd ${quote(root)}`, 'unset WHEELHOUSE_SECRET', ...exports, ...activated]
  return `${lines.join('\n')}\nexec ${commandLine(argv)}\n`
}
