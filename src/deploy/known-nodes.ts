import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type DeployRequest, joinedDocument, type PlannedNode, planDocument } from './documents.ts'

type Deploy = Pick<DeployRequest, 'service' | 'deploy'>

/** How a node of a deploy is reached, as its plan has it or, of one that joined since, the answer that brought it. */
export async function knownNode(documents: Documents, deploy: Deploy, name: string): Promise<PlannedNode | undefined> {
  const named = (nodes: readonly PlannedNode[]) => nodes.find((node) => node.name === name)
  return named(await plannedNodes(documents, deploy)) ?? named(await joinedNodes(documents, deploy))
}

export async function plannedNodes(documents: Documents, { service, deploy }: Deploy): Promise<readonly PlannedNode[]> {
  return (await documents.read(planDocument, keys.deployPlan(service, deploy)))?.value.nodes ?? []
}

export async function joinedNodes(documents: Documents, { service, deploy }: Deploy): Promise<readonly PlannedNode[]> {
  return (await documents.read(joinedDocument, keys.deployJoined(service, deploy)))?.value.nodes ?? []
}
