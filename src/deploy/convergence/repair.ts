import { createHash } from 'node:crypto'
import { channelsDocument } from '../../channels/model.ts'
import { keys } from '../../objects/keys.ts'
import { requestDocument } from '../documents.ts'
import { enterDeploy, type RequestPorts, requestOf } from '../request-deploy.ts'
import { frozenAt } from '../rollout/freezes.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { enterAgain, serviceDocument, stateFor } from '../service-state.ts'
import { channelInId, channelOf } from '../subscriptions.ts'
import { type Observation, standings } from './observation.ts'
import { repairId, toRepair } from './repair-decision.ts'

/**
 * Where nodes drifted and the service says so, a deploy of what it ran well last: an ordinary one, which leaves alone who
 * runs it. Answers with its id; `undefined` where nothing is to be done.
 */
export async function repair(
  ports: RequestPorts,
  service: string,
  definition: ServiceDefinition,
  observation: Observation,
): Promise<string | undefined> {
  const { documents, clock } = ports
  const stored = (await documents.read(serviceDocument, keys.service(service)))?.value
  const state = stored && stateFor(stored, definition.project)
  const stable = state?.stable
  if (!definition.converge.repair || state === undefined || stable === undefined) return undefined
  if (frozenAt(definition.freezes, clock.now()) !== undefined) return undefined
  const nodes = toRepair(state, standings(observation, state), clock.now())
  if (nodes.length === 0) return undefined
  const channel = channelOf(service, definition)
  const channels = (await documents.read(channelsDocument, keys.channels(definition.project)))?.value
  const promoted = channels?.[channel]?.findLast(({ version }) => version === stable.version)
  if (promoted === undefined) return undefined
  const digest = createHash('sha256').update(`${observation.at}`).digest('hex').slice(0, 8)
  const deploy = repairId(service, channelInId(channel), promoted.serial, digest)
  const at = new Date(clock.now()).toISOString()
  // By itself it passes over nothing, whatever that promotion did.
  const { force: _force, rollback: _rollback, ...release } = promoted
  const pointer = { ...release, by: 'convergence', at, reason: `drift on ${nodes.join(', ')}` }
  const before = await documents.read(requestDocument, keys.deployRequest(service, stable.deploy))
  // By the locks that the others have, though somebody may have asked for new ones since.
  const request = requestOf(deploy, { service, definition, channel, pointer }, before?.value.generation)
  const entered = await enterDeploy(ports, request, (current) =>
    current?.stable?.deploy === stable.deploy && current.hold === undefined ? enterAgain(current, deploy) : undefined,
  )
  return entered ? deploy : undefined
}
