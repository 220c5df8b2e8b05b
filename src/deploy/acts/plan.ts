import { keys } from '../../objects/keys.ts'
import { planDocument } from '../documents.ts'
import { planNode } from '../fleet.ts'
import { arithmetic, limitsFor } from '../rollout/limits.ts'
import type { Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'

/** Asks who the fleet is, and keeps the answer: from now on it is the same for whoever carries the deploy. */
export async function plan({ request, documents, discovery }: ActContext): Promise<Outcome> {
  const { service, deploy, definition } = request
  const nodes = (await discovery.nodes(definition)).map((node) => planNode(node, definition))
  if (nodes.length === 0) return problem('The fleet has no nodes. A deploy to nobody would be no success.')
  const limits = limitsFor(definition.rollout, nodes.length)
  const wanted = { deploy, nodes, arithmetic: arithmetic(limits, nodes.length) }
  const kept = await documents.create(planDocument, keys.deployPlan(service, deploy), wanted)
  const names = kept.value.nodes.map((node) => node.name)
  return { ok: true, found: { kind: 'plan', nodes: names, ...limitsFor(definition.rollout, names.length) } }
}
