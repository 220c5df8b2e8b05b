import { existsSync } from 'node:fs'

/** The argv with which a child cannot outlive this process: the kernel kills it, even when we are killed ourselves. */
export function tied(argv: readonly string[]): readonly string[] {
  const setpriv = '/usr/bin/setpriv'
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...argv] : argv
}
