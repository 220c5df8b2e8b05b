import { keys } from '../../objects/keys.ts'
import { joinedDocument, type PlannedNode, planDocument } from '../documents.ts'
import { type FoundFleet, findFleet } from '../find-fleet.ts'
import { placesOn } from '../fleet.ts'
import { shrinkProblem } from '../fleet-checks.ts'
import { knownNodes } from '../known-nodes.ts'
import type { Outcome, Rollout } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'

type Context = Pick<ActContext, 'request' | 'documents' | 'discovery'>

/**
 * Asks again who the fleet is, and keeps who is new: from then on a newcomer is the same for whoever carries the deploy. An
 * answer that would have blocked the deploy when it began, or is sharply smaller than the one then, brings nobody.
 */
export async function discover(context: Context, rollout: Rollout, signal: AbortSignal): Promise<Outcome> {
  const { request, documents } = context
  const { service, deploy } = request
  const found = await fleetNow(context, signal)
  if (!found.ok) return problem(found.problem)
  const known = await knownNodes(documents, request)
  const taken = known.filter(({ name }) => rollout.nodes.some((node) => node.name === name))
  const newcomers = withoutKnown(found.nodes, taken)
  await documents.update(joinedDocument, keys.deployJoined(service, deploy), (current) => {
    // Nothing is taken away: a worker that was held up knows less than the one that has taken over.
    const kept = current?.nodes ?? []
    const fresh = newcomers.filter(({ name }) => !kept.some((node) => node.name === name))
    const counted = current === undefined || current.count === found.nodes.length
    return fresh.length === 0 && counted ? undefined : { nodes: [...kept, ...fresh], count: found.nodes.length }
  })
  return { ok: true, found: { kind: 'discover', newcomers: newcomers.map(({ name }) => name) } }
}

async function fleetNow(context: Context, signal: AbortSignal): Promise<FoundFleet> {
  const { request, documents } = context
  const { service, deploy, definition } = request
  const found = await findFleet(context, request, signal)
  const plan = await documents.read(planDocument, keys.deployPlan(service, deploy))
  const { inventory } = definition.fleet
  if (!found.ok || plan === undefined || inventory === undefined) return found
  const began = { deploy, count: plan.value.nodes.length }
  const shrank = shrinkProblem(began, found.nodes.length, inventory.max_shrink)
  return shrank === undefined ? found : { ok: false, problem: shrank }
}

/** One at the place of another is that node by another name. */
function withoutKnown(nodes: readonly PlannedNode[], taken: readonly PlannedNode[]): readonly PlannedNode[] {
  const names = taken.map(({ name }) => name)
  const places = taken.flatMap(placesOn).map(({ place }) => place)
  return nodes.filter(
    (node) => !names.includes(node.name) && !placesOn(node).some(({ place }) => places.includes(place)),
  )
}
