import { standingsOf } from '../deploy/convergence/node-counts.ts'
import type { Standing } from '../deploy/convergence/observation.ts'
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

function describe({ standing, version, told, problem }: Standing): string {
  switch (standing) {
    case 'ok':
      return `runs ${told}`
    case 'other':
      return `DRIFT: runs ${told}${told === version ? '' : `, with ${version} on the disk`}`
    case 'silent':
      return `DRIFT: ${version} does not answer`
    case 'empty':
      return 'DRIFT: runs nothing yet'
    case 'unreachable':
      return `cannot be looked at: ${problem}`
  }
}
