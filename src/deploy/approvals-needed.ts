import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { compareVersionTexts } from '../packaging/versions.ts'
import { isRepair } from './convergence/repair-decision.ts'
import { type DeployRequest, requestDocument } from './documents.ts'
import type { Limits } from './rollout/model.ts'
import { type ServiceState, serviceDocument, stateFor } from './service-state.ts'

/**
 * How many people have to approve a deploy, as its limits have it; nothing where nobody has to. Force passes over none of
 * them: otherwise whoever promotes could go round the other pair of eyes.
 */
export async function approvalsFor(documents: Documents, request: DeployRequest): Promise<Pick<Limits, 'approvals'>> {
  const { approvals } = request.definition
  // A repair brings nodes to what was approved when it was deployed.
  if (approvals === undefined || isRepair(request.deploy)) return {}
  if (!approvals.on_rollback && (await goesBack(documents, request))) return {}
  return { approvals: { needed: approvals.needed, expireHours: approvals.expire_hours } }
}

/**
 * Whether a deploy brings back what the service ran well before, to the byte: no version that is only lower, which could have
 * been uploaded a minute ago, and no dependencies that were looked for anew.
 */
async function goesBack(documents: Documents, request: DeployRequest): Promise<boolean> {
  const { service, definition } = request
  const found = (await documents.read(serviceDocument, keys.service(service)))?.value
  const state = found && stateFor(found, definition.project)
  const stable = state?.stable
  if (state === undefined || stable === undefined) return false
  if (request.rollback !== true && (compareVersionTexts(request.version, stable.version) ?? 1) > 0) return false
  for (const deploy of ranWell(state, request.version)) {
    const before = (await documents.read(requestDocument, keys.deployRequest(service, deploy)))?.value
    if (before !== undefined && isTheSame(request, before)) return true
  }
  return false
}

/** Deploys of a version that succeeded, as far as they are remembered. */
function ranWell({ stable, recent }: ServiceState, wanted: string): readonly string[] {
  const succeeded = recent.filter(({ phase }) => phase === 'succeeded')
  const deploys = [...(stable === undefined ? [] : [stable]), ...succeeded]
  return [...new Set(deploys.filter(({ version }) => version === wanted).map(({ deploy }) => deploy))]
}

/** Files may have been taken away since, but none added. */
function isTheSame(request: DeployRequest, before: DeployRequest): boolean {
  const known = before.files.map(({ sha256 }) => sha256)
  const sameLock = (request.generation ?? 0) === (before.generation ?? 0)
  return sameLock && request.files.every(({ sha256 }) => known.includes(sha256))
}
