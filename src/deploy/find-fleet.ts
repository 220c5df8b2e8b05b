import { DomainError, isDomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type DeployRequest, joinedDocument, type PlannedNode, planDocument } from './documents.ts'
import { type Discovery, planNode } from './fleet.ts'
import { fleetProblem, type LastFleet, shrinkProblem } from './fleet-checks.ts'
import { serviceDocument, stateFor } from './service-state.ts'

export interface FleetPorts {
  readonly discovery: Discovery
  readonly documents: Documents
}

export type FoundFleet =
  | { readonly ok: true; readonly nodes: PlannedNode[] }
  | { readonly ok: false; readonly problem: string }

/** Who is deployed to, or why that cannot be told or believed, as a sentence. */
export async function findFleet(
  ports: FleetPorts,
  request: Pick<DeployRequest, 'service' | 'definition' | 'force'>,
  signal: AbortSignal,
): Promise<FoundFleet> {
  const { service, definition, force = false } = request
  try {
    const found = await ports.discovery.nodes(definition, signal)
    const { inventory } = definition.fleet
    const last =
      inventory === undefined || force ? undefined : await lastFleet(ports.documents, service, definition.project)
    const problem =
      fleetProblem(definition, found) ?? (inventory && last && shrinkProblem(last, found.length, inventory.max_shrink))
    return problem === undefined
      ? { ok: true, nodes: found.map((node) => planNode(node, definition)) }
      : { ok: false, problem }
  } catch (error) {
    if (isDomainError(error, 'deploy-step-failed')) return { ok: false, problem: error.message }
    throw error
  }
}

/** Of the last deploy that knew its nodes; `undefined` where there was none. */
async function lastFleet(documents: Documents, service: string, project: string): Promise<LastFleet | undefined> {
  const state = await documents.read(serviceDocument, keys.service(service))
  const recent = state === undefined ? [] : stateFor(state.value, project).recent
  for (const { deploy } of recent) {
    const plan = await documents.read(planDocument, keys.deployPlan(service, deploy))
    if (plan === undefined) continue
    // Others may have come while it ran.
    const joined = await documents.read(joinedDocument, keys.deployJoined(service, deploy))
    return { deploy, count: joined?.value.count ?? plan.value.nodes.length }
  }
  return undefined
}

/** For whoever asks a fleet: it cannot be told, and this is why. */
export function unknownFleet(problem: string): DomainError {
  return new DomainError('deploy-step-failed', problem)
}
