import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { channelsDocument, currentOf } from '../channels/model.ts'
import { type PromotionRequest, releaseToPromote, requireChannel } from '../channels/promote.ts'
import { messageOf } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { probe } from './acts/probe.ts'
import type { Resolved } from './acts/resolve.ts'
import { approvalsFor } from './approvals-needed.ts'
import { type DeployRequest, type Lock, lockDocument, type PlannedNode } from './documents.ts'
import { findFleet } from './find-fleet.ts'
import type { Discovery } from './fleet.ts'
import { lockKeyOf } from './lock.ts'
import { describeReadiness, readinessIn, readinessScript } from './node/readiness.ts'
import { type NodeSessionPorts, type NodeSessions, nodeSessions } from './node-sessions.ts'
import { type PromoteServicesPorts, refusePromotion } from './promote-services.ts'
import { lockGeneration } from './relock.ts'
import { type PromotionOf, requestOf } from './request-deploy.ts'
import { arithmetic, limitsFor } from './rollout/limits.ts'
import type { NodeProgress } from './rollout/model.ts'
import { serviceDocument } from './service-state.ts'
import { channelsFor, subscribedTo } from './subscriptions.ts'

import { verifiesOf } from './verification.ts'
import { type Unpinned, wouldPin } from './would-pin.ts'

/** A project of the lock that would be another version; without `from` it comes anew, without `to` it goes. */
export interface LockChange {
  readonly project: string
  readonly from?: string
  readonly to?: string
}

export interface NodeLook {
  readonly name: string
  /** Why nothing could be found out. */
  readonly problem?: string
  readonly before?: NodeProgress['before']
  /** Absent where that could not be found out. */
  readonly changes?: readonly LockChange[]
  /** Whether that is pinned; else it is what would be pinned now. */
  readonly pinned?: boolean
  /** What a deploy would meet there. */
  readonly notes?: readonly string[]
  /** What would stand in its way. */
  readonly warnings?: readonly string[]
}

export interface ServicePlan {
  readonly service: string
  readonly plan: string
  /** How many people would have to approve it. */
  readonly approvals?: number
  /** The deploy that it would wait for. */
  readonly waitsFor?: string
  readonly nodes: readonly NodeLook[]
}

export interface PromotionPlan {
  readonly project: string
  readonly version: string
  readonly channel: string
  readonly previous?: string
  readonly services: readonly ServicePlan[]
}

export interface DryRunPorts extends PromoteServicesPorts {
  readonly discovery: Discovery
  readonly sessions: NodeSessionPorts
}

/** Seconds, where the service itself does not wait for less. Somebody waits for the answer: what does not answer now is said not to. */
const patienceSeconds = 10
const readinessSeconds = 60

/**
 * What a promotion would do: refused as it would be, then each node of the services that follow asked what it is and runs,
 * by scripts that only look, and one node of each class what pip would take there. Nothing is written but for files in `/tmp`
 * of that node and a token for it, both gone at the end.
 */
export async function dryRun(
  ports: DryRunPorts,
  request: PromotionRequest,
  signal: AbortSignal,
): Promise<PromotionPlan> {
  // Something listens for each node, and that is no leak.
  setMaxListeners(0, signal)
  const { project, channel, force = false, by } = request
  requireChannel(channelsFor(ports, project), channel)
  const release = releaseToPromote(await ports.projects.get(project), request.version, force)
  await refusePromotion(ports, request)
  const channels = await ports.documents.read(channelsDocument, keys.channels(project))
  const previous = currentOf(channels?.value, channel)?.version
  const pointer = { ...release, force, serial: 0, by, at: new Date(ports.clock.now()).toISOString(), attempt: '' }
  const services = subscribedTo(ports.services, request).map(([service, definition]) =>
    planService(ports, { service, definition, channel, pointer }, signal),
  )
  const { version } = release
  return { project, version, channel, ...(previous && { previous }), services: await Promise.all(services) }
}

async function planService(ports: DryRunPorts, promotion: PromotionOf, signal: AbortSignal): Promise<ServicePlan> {
  const { service, definition } = promotion
  const patience = Math.min(patienceSeconds, definition.rollout.unreachable_seconds)
  const rollout = { ...definition.rollout, unreachable_seconds: patience }
  // A name of its own: the token that its nodes read with is given back at the end.
  const id = `dry-run-${randomUUID()}`
  const request = requestOf(id, { ...promotion, definition: { ...definition, rollout } })
  const found = await findFleet(ports, request, signal)
  if (!found.ok) return { service, plan: `CANNOT BE DEPLOYED: ${found.problem.replace(/\.$/, '')}`, nodes: [] }
  const { nodes } = found
  const state = await ports.documents.read(serviceDocument, keys.service(service))
  const waitsFor = state?.value.running
  const { approvals } = await approvalsFor(ports.documents, request)
  return {
    service,
    plan: arithmetic(
      { ...limitsFor(definition.rollout, nodes.length), ...verifiesOf(definition.verify) },
      nodes.length,
    ),
    ...(approvals && { approvals: approvals.needed }),
    ...(waitsFor && { waitsFor }),
    nodes: await looksAt(ports, request, nodes, signal),
  }
}

async function looksAt(
  ports: DryRunPorts,
  request: DeployRequest,
  nodes: readonly PlannedNode[],
  signal: AbortSignal,
): Promise<readonly NodeLook[]> {
  const { documents, projects } = ports
  const { credentials, externalUrl, report } = ports.sessions
  await using sessions = nodeSessions(ports.sessions, request, 0)
  const found = await Promise.all(nodes.map((node) => look({ documents, request, sessions }, node, signal)))
  const unpinned = found.flatMap((one) => one.unpinned ?? [])
  if (unpinned.length === 0) return found.map(({ shown }) => shown)
  const pins = await wouldPin({ request, projects, externalUrl, sessions }, unpinned, signal)
  // What cannot be given back now expires, and is swept.
  await credentials.revoke(request.deploy).catch(report)
  return found.map((one) => completed(one, pins))
}

interface Looking extends Pick<DryRunPorts, 'documents'> {
  readonly request: DeployRequest
  readonly sessions: NodeSessions
}

interface Look {
  readonly shown: NodeLook
  readonly unpinned?: Unpinned
  /** What it runs now. */
  readonly from?: Lock | undefined
}

async function look(looking: Looking, node: PlannedNode, signal: AbortSignal): Promise<Look> {
  const { request, sessions, documents } = looking
  const { name } = node
  try {
    const outcome = await probe({ request, ask: sessions.ask }, node, signal)
    if (!outcome.ok) return { shown: { name, problem: outcome.problem } }
    if (outcome.found?.kind !== 'probe') {
      return { shown: { name, problem: 'The node gave no answer that can be read.' } }
    }
    const { before, nodeClass } = outcome.found
    const lockOf = async (version: string) =>
      (await documents.read(lockDocument, lockKeyOf(await ofGeneration(documents, request, version), nodeClass)))?.value
    const to = await lockOf(request.version)
    const from = before === undefined ? undefined : await lockOf(before.version)
    const shown = { name, ...(before && { before }), ...(await readiness(looking, node, signal)) }
    if (to === undefined) return { shown, from, unpinned: { node, nodeClass } }
    return { shown: { ...shown, changes: changesBetween(from, to), pinned: true } }
  } catch (error) {
    return { shown: { name, problem: messageOf(error) } }
  }
}

/** With what its class of node would get, where that is not pinned. */
function completed({ shown, unpinned, from }: Look, pins: ReadonlyMap<string, Resolved>): NodeLook {
  const pin = unpinned && pins.get(unpinned.nodeClass)
  if (pin === undefined) return shown
  if (pin.ok) return { ...shown, changes: changesBetween(from, pin), pinned: false }
  return { ...shown, warnings: [...(shown.warnings ?? []), pin.problem] }
}

async function ofGeneration(documents: Documents, request: DeployRequest, version: string): Promise<DeployRequest> {
  return { ...request, version, generation: await lockGeneration(documents, request.project, version) }
}

async function readiness({ request, sessions }: Looking, node: PlannedNode, signal: AbortSignal) {
  const { installer, index_access: access } = request.definition
  const asked = await sessions.ask(node, readinessScript(node), readinessSeconds, signal)
  const found = asked.ok ? readinessIn(asked.output) : undefined
  const closed = access === 'ssh' ? await sessions.forwardingProblem(node, signal) : undefined
  const warned = closed === undefined ? [] : [closed]
  if (found === undefined) return { warnings: warned }
  const { notes, warnings } = describeReadiness(found, { installer, node })
  return { notes, warnings: [...warnings, ...warned] }
}

/** Project by project, in the order of the lock that is to come; pure. */
export function changesBetween(from: Pick<Lock, 'files'> | undefined, to: Pick<Lock, 'files'>): readonly LockChange[] {
  const before = new Map(from?.files.map(({ project, version }) => [project, version]))
  const after = new Set(to.files.map(({ project }) => project))
  const changed = to.files
    .filter(({ project, version }) => before.get(project) !== version)
    .map(({ project, version }) => {
      const old = before.get(project)
      return { project, ...(old && { from: old }), to: version }
    })
  const gone = [...before].filter(([project]) => !after.has(project))
  return [...changed, ...gone.map(([project, version]) => ({ project, from: version }))]
}
