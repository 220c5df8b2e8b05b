import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath } from '../cache-folder.ts'
import { runOk } from '../run.ts'

export interface PypiProject {
  readonly project: string
  readonly version: string
  /** Further requirements for the same environment. */
  readonly beside?: readonly string[]
}

/**
 * One project of PyPI in a venv of its own, `.cache/<project>-<version>`. Uses this machine's own pip configuration: what the
 * tests run later does not.
 */
export async function fetchFromPypi({ project, version, beside = [] }: PypiProject): Promise<void> {
  const venv = cachePath(`${project}-${version}`)
  const complete = join(venv, 'complete')
  const state = [venv, ...beside].join('\n')
  // The scripts of a venv hold its absolute path: after the checkout was moved it has to be made anew.
  if (existsSync(complete) && readFileSync(complete, 'utf8') === state) return
  console.log(`PyPI: installing ${[`${project} ${version}`, ...beside].join(' and ')}`)
  rmSync(venv, { recursive: true, force: true })
  await runOk(['/usr/bin/python3', '-m', 'venv', '--without-pip', venv])
  const pip = ['/usr/bin/python3', '-m', 'pip', '--python', join(venv, 'bin', 'python')]
  await runOk([...pip, 'install', '-q', `${project}==${version}`, ...beside], { timeoutMs: 600_000 })
  writeFileSync(complete, state)
}
