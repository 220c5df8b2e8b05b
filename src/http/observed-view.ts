import { standingsOf } from '../deploy/convergence/node-counts.ts'
import type { Standing } from '../deploy/convergence/observation.ts'
import { filesOnly } from '../deploy/verification.ts'
import type { Documents } from '../objects/documents.ts'

/** What the nodes of a service were last seen to run, apart from its deploys, and which of them it should not be. */
export async function observedView(documents: Documents, service: string, project: string) {
  const { at, nodes } = await standingsOf(documents, service, project)
  const drift = nodes.filter(({ standing }) => standing !== 'ok').map(({ name }) => name)
  return { observedAt: at ?? null, nodes, drift }
}

/** A line for each node. */
export function describeStandings(nodes: readonly Standing[]): readonly string[] {
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  return nodes.map((node) => `${node.name.padEnd(width)}  ${describe(node)}`)
}

/** Of a service that should run, by what would have been seen of it. */
const silence = { answer: 'does not answer', process: 'has no process that runs', files: 'is not whole on the disk' }

function describe({ standing, version, told, problem, verified }: Standing): string {
  switch (standing) {
    case 'ok':
      return verified === 'files' ? `has ${told} (${filesOnly})` : `runs ${told}`
    case 'other':
      return `DRIFT: ${verified === 'files' ? 'has' : 'runs'} ${told}${told === version ? '' : `, with ${version} on the disk`}`
    case 'silent':
      return `DRIFT: ${version} ${silence[verified ?? 'answer']}`
    case 'empty':
      return 'DRIFT: runs nothing yet'
    case 'unreachable':
      return `cannot be looked at: ${problem}`
  }
}
