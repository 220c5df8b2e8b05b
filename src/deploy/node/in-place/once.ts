import { findPip } from '../find-pip.ts'
import { type Hook, hookScript } from '../hook.ts'
import { quote } from '../shell.ts'

export interface Once extends Pick<Hook, 'root' | 'argv'> {
  readonly variables: Hook['environment']
  readonly python: string
  /** Name of the folder under `releases/`, with the wheels. */
  readonly release: string
  /** Where the environment is made that the command is run in; removed afterwards. */
  readonly environment: string
}

/** What is run once per deploy, before the release is in any environment that a service runs from: in one of its own. */
export function onceScript({ python, release, environment, root, argv, variables }: Once): string {
  const hook = hookScript({ root, argv, environment: variables, release: environment })
  const wheels = `${root}/releases/${release}/wheels`
  return `set -eu
run=\${WHEELHOUSE_SECRET%/*}
environment=${quote(environment)}
trap 'rm -rf "$environment"' EXIT
rm -rf "$environment"
(
${findPip(python, root)}
${quote(python)} -m venv --without-pip "$environment"
pip_in "$environment/bin/python" install --quiet --no-index --no-deps ${quote(wheels)}/*.whl
)
(
${hook})
`
}
