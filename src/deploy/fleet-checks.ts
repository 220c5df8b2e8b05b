import { type FleetNode, missingPlaceholders, placesOn, planNode } from './fleet.ts'
import { type Amount, allowedOf } from './rollout/limits.ts'
import type { ServiceDefinition } from './service-definition.ts'

/** What is wrong with a fleet as it was found, as a sentence. What stands in wheelhouse.yaml itself is checked at load. Pure. */
export function fleetProblem(definition: ServiceDefinition, nodes: readonly FleetNode[]): string | undefined {
  if (nodes.length === 0) return 'The fleet has no nodes. A deploy to nobody would be no success.'
  for (const node of nodes) {
    const problem = nodeProblem(definition, node)
    if (problem !== undefined) return problem
  }
  return sharedPlace(definition, nodes) ?? missingCanary(definition, nodes) ?? allAtOnce(definition, nodes.length)
}

export interface LastFleet {
  readonly deploy: string
  readonly count: number
}

/** A fleet that lost many nodes at once is likelier half an answer. */
export function shrinkProblem({ deploy, count }: LastFleet, now: number, allowed: Amount): string | undefined {
  const most = allowedOf(allowed, count)
  if (count - now <= most) return undefined
  return (
    `The inventory has ${now} ${now === 1 ? 'node' : 'nodes'}, and ${deploy} had ${count}: at most ${most} may be missing at once ` +
    '(fleet.inventory.max_shrink). Where the fleet is meant to be smaller, promote by force ({"force": true}).'
  )
}

function nodeProblem(definition: ServiceDefinition, node: FleetNode): string | undefined {
  const [missing] = missingPlaceholders(node, definition)
  if (missing !== undefined) return `${node.name} has no value for {${missing}}, which the service uses.`
  const { root, venv, pidfile: signalled, keeper, main } = planNode(node, definition)
  const pidfile = keeper !== undefined && 'pidfile' in keeper ? keeper.pidfile : signalled
  const seen = main !== undefined && 'pidfile' in main ? main.pidfile : undefined
  for (const [what, path] of [
    ['root', root],
    ['pid file', pidfile],
    ['pid file', seen],
    ['venv', venv],
  ]) {
    const fit = path === undefined || (/^\/[A-Za-z0-9._/-]+$/.test(path) && !path.split('/').includes('..'))
    if (fit) continue
    return `${node.name} would have the ${what} ${JSON.stringify(path)}, which is no absolute path without spaces and "..".`
  }
  return undefined
}

function sharedPlace(definition: ServiceDefinition, nodes: readonly FleetNode[]): string | undefined {
  const owners = new Map<string, string>()
  for (const node of nodes) {
    const planned = planNode(node, definition)
    for (const { place, what } of placesOn(planned)) {
      const owner = owners.get(place)
      if (owner !== undefined) {
        return `${planned.name} is the place of ${owner} as well (${place}): each needs a ${what} of its own.`
      }
      owners.set(place, planned.name)
    }
  }
  return undefined
}

/** Without it the release would meet the fleet as a whole, which is what it is there to prevent. */
function missingCanary(
  { rollout: { canary = [] } }: ServiceDefinition,
  nodes: readonly FleetNode[],
): string | undefined {
  const missing = canary.find((name) => !nodes.some((node) => node.name === name))
  return missing && `The fleet has no node "${missing}", which is to go first (rollout.canary).`
}

function allAtOnce({ rollout }: ServiceDefinition, count: number): string | undefined {
  const most = allowedOf(rollout.max_unavailable, count)
  if (count < 2 || most < count || rollout.all_at_once === true) return undefined
  return `rollout.max_unavailable would let all ${count} nodes be out of service at once. Say all_at_once: true if that is meant.`
}
