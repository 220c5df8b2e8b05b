import { keys } from '../../objects/keys.ts'
import { compareVersionTexts } from '../../packaging/versions.ts'
import { approvalsFor } from '../approvals-needed.ts'
import { isRepair } from '../convergence/repair-decision.ts'
import { type DeployRequest, planDocument } from '../documents.ts'
import { findFleet } from '../find-fleet.ts'
import { arithmetic, limitsFor } from '../rollout/limits.ts'
import type { Outcome } from '../rollout/model.ts'
import { serviceDocument } from '../service-state.ts'
import { verifiesOf } from '../verification.ts'
import { type ActContext, problem } from './act-context.ts'

/** Asks who the fleet is, and keeps the answer: from now on it is the same for whoever carries the deploy. */
export async function plan(context: ActContext, signal: AbortSignal): Promise<Outcome> {
  const { request, documents } = context
  const { service, deploy, definition } = request
  const found = await findFleet(context, request, signal)
  if (!found.ok) return problem(found.problem)
  const { nodes } = found
  const seen = verifiesOf(definition.verify)
  const limits = { ...limitsFor(definition.rollout, nodes.length), ...seen }
  const wanted = { deploy, nodes, arithmetic: arithmetic(limits, nodes.length) }
  const kept = await documents.create(planDocument, keys.deployPlan(service, deploy), wanted)
  const names = kept.value.nodes.map((node) => node.name)
  const { freezes } = definition
  const known = await documents.read(serviceDocument, keys.service(service))
  const made = known?.value.freezes ?? []
  const hooks = {
    ...seen,
    ...(request.force || freezes.length === 0 ? {} : { freezes }),
    ...(request.force || known === undefined ? {} : { imposed: { serial: known.serial, freezes: made } }),
    // A list in the definition is that of the request: it never changes.
    ...(definition.fleet.inventory === undefined ? {} : { asksAgain: true }),
    ...(definition.drain === undefined ? {} : { drains: true }),
    ...(prepares(request, known?.value.stable?.version) ? { prepares: true } : {}),
    ...(await approvalsFor(documents, request)),
  }
  return { ok: true, found: { kind: 'plan', nodes: names, ...limitsFor(definition.rollout, names.length), ...hooks } }
}

/** What migrates forward has nothing to do where an older version comes back, unless the service says that it has. */
function prepares({ definition, deploy, version }: DeployRequest, stable: string | undefined): boolean {
  const once = definition.once_per_deploy
  // A repair brings nodes to what the others run: that was migrated to when it was deployed.
  if (once === undefined || isRepair(deploy)) return false
  if (once.on_rollback) return true
  return stable === undefined || (compareVersionTexts(version, stable) ?? 0) >= 0
}
