import { isDeepStrictEqual } from 'node:util'
import { keys } from '../../objects/keys.ts'
import { type JoinedNodes, joinedDocument, type PlannedNode } from '../documents.ts'
import { type FoundFleet, findFleet } from '../find-fleet.ts'
import { placesOn } from '../fleet.ts'
import { shrinkProblem } from '../fleet-checks.ts'
import { joinedNodes, plannedNodes } from '../known-nodes.ts'
import type { Outcome, Rollout } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'

type Context = Pick<ActContext, 'request' | 'documents' | 'discovery'>

/**
 * Asks again who the fleet is, and keeps who is new: from when a newcomer is taken in it is the same for whoever carries the
 * deploy. An answer that would have blocked the deploy when it began, or is sharply smaller than the one then, brings nobody.
 */
export async function discover(context: Context, rollout: Rollout, signal: AbortSignal): Promise<Outcome> {
  const { request, documents } = context
  const planned = await plannedNodes(documents, request)
  const found = await fleetNow(context, planned.length, signal)
  if (!found.ok) return problem(found.problem)
  const known = [...planned, ...(await joinedNodes(documents, request))]
  const taken = known.filter(({ name }) => rollout.nodes.some((node) => node.name === name))
  const newcomers = withoutKnown(found.nodes, taken)
  await keep(context, rollout, { nodes: [...newcomers], count: found.nodes.length })
  return { ok: true, found: { kind: 'discover', newcomers: newcomers.map(({ name }) => name) } }
}

async function fleetNow(context: Context, began: number, signal: AbortSignal): Promise<FoundFleet> {
  const { deploy, definition } = context.request
  const found = await findFleet(context, context.request, signal)
  const { inventory } = definition.fleet
  if (!found.ok || inventory === undefined) return found
  const shrank = shrinkProblem({ deploy, count: began }, found.nodes.length, inventory.max_shrink)
  return shrank === undefined ? found : { ok: false, problem: shrank }
}

/** Who was found before and is not taken in yet, as the deploy was paused just then, is reached as is said now. */
async function keep({ request, documents }: Context, { fence }: Rollout, found: JoinedNodes): Promise<void> {
  const key = keys.deployJoined(request.service, request.deploy)
  await documents.update(joinedDocument, key, (current = { nodes: [], count: found.count }) => {
    // A worker that was held up knows less than the one that has taken over, and may have taken them in.
    if ((current.fence ?? 0) > fence) return undefined
    if (found.nodes.length === 0 && current.count === found.count) return undefined
    const others = current.nodes.filter(({ name }) => !found.nodes.some((node) => node.name === name))
    const next = { nodes: [...others, ...found.nodes], count: found.count, fence }
    return isDeepStrictEqual(next, current) ? undefined : next
  })
}

/** One at the place of another is that node by another name. */
function withoutKnown(nodes: readonly PlannedNode[], taken: readonly PlannedNode[]): readonly PlannedNode[] {
  const names = taken.map(({ name }) => name)
  const places = taken.flatMap(placesOn).map(({ place }) => place)
  return nodes.filter(
    (node) => !names.includes(node.name) && !placesOn(node).some(({ place }) => places.includes(place)),
  )
}
