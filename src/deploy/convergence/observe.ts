import { messageOf } from '../../errors.ts'
import { keys } from '../../objects/keys.ts'
import { inParallel } from '../../upkeep/in-parallel.ts'
import type { PlannedNode } from '../documents.ts'
import { findFleet, unknownFleet } from '../find-fleet.ts'
import type { Discovery } from '../fleet.ts'
import { probeAnswer, probeLook } from '../node/probe.ts'
import { type NodeSessionPorts, nodeSessions } from '../node-sessions.ts'
import { requestOf } from '../request-deploy.ts'
import { isSameVersion } from '../same-version.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { serviceDocument } from '../service-state.ts'
import { channelOf } from '../subscriptions.ts'
import { rungOfNode } from '../verification.ts'
import { isDue, type Observation, type ObservedNode, observationDocument } from './observation.ts'

export interface ObservePorts extends NodeSessionPorts {
  readonly discovery: Discovery
  /** Names this worker. */
  readonly holder: string
}

/** Nobody waits for the answer, and the next look comes soon enough. */
const patienceSeconds = 10
const atOnce = 10

/**
 * Asks every node what it runs, by scripts that only look, where it is time to and nobody else does. `undefined` where it
 * is not, or a deploy began meanwhile: what was seen then was on its way to something else.
 */
export async function observe(
  ports: ObservePorts,
  service: string,
  definition: ServiceDefinition,
  signal: AbortSignal,
): Promise<Observation | undefined> {
  if (!(await claim(ports, service, definition))) return undefined
  const nodes = await lookAtAll(ports, service, definition, signal)
  const state = (await ports.documents.read(serviceDocument, keys.service(service)))?.value
  if (signal.aborted || state?.running !== undefined) return undefined
  const at = new Date(ports.clock.now()).toISOString()
  const kept = await ports.documents.update(observationDocument, keys.observation(service), (mine) =>
    mine?.by === ports.holder ? { ...mine, at, nodes } : undefined,
  )
  return kept?.value.at === at ? kept.value : undefined
}

/** Of several workers one looks. */
async function claim(
  { documents, clock, holder }: ObservePorts,
  service: string,
  { converge }: ServiceDefinition,
): Promise<boolean> {
  const state = (await documents.read(serviceDocument, keys.service(service)))?.value
  const every = converge.every_minutes * 60_000
  const key = keys.observation(service)
  const isTime = (last: Observation | undefined) => isDue(last, state, clock.now(), every)
  // Mostly it is not time, and nothing is written.
  if (!isTime((await documents.read(observationDocument, key))?.value)) return false
  const claimed = new Date(clock.now()).toISOString()
  const written = await documents.update(observationDocument, key, (last) =>
    isTime(last) ? { nodes: [], ...last, claimed, by: holder } : undefined,
  )
  return written?.value.claimed === claimed && written.value.by === holder
}

async function lookAtAll(
  ports: ObservePorts,
  service: string,
  definition: ServiceDefinition,
  signal: AbortSignal,
): Promise<ObservedNode[]> {
  const rollout = { ...definition.rollout, unreachable_seconds: patienceSeconds }
  const pointer = { serial: 0, version: '0', files: [], by: '', at: '', attempt: '' }
  const channel = channelOf(service, definition)
  const request = requestOf('observation', { service, definition: { ...definition, rollout }, channel, pointer })
  // A fleet that lost many nodes is looked at all the same.
  const found = await findFleet(ports, { service, definition, force: true }, signal)
  if (!found.ok) throw unknownFleet(found.problem)
  const { nodes } = found
  const seen = new Map<string, ObservedNode>()
  await using sessions = nodeSessions(ports, request, 0)
  await inParallel(atOnce, nodes, async (node) => {
    const { name } = node
    if (signal.aborted) return
    try {
      const asked = await sessions.ask(node, probeLook(node, definition), 60, signal)
      const answer = asked.ok ? probeAnswer(asked.output) : undefined
      const problem = asked.ok ? 'the node gave no answer that can be read' : asked.problem
      seen.set(name, answer === undefined ? { name, problem } : observed(node, answer))
    } catch (error) {
      seen.set(name, { name, problem: messageOf(error) })
    }
  })
  return nodes.flatMap(({ name }) => seen.get(name) ?? [])
}

function observed(node: PlannedNode, answer: NonNullable<ReturnType<typeof probeAnswer>>): ObservedNode {
  const { name } = node
  const rung = rungOfNode(node)
  const { release, version: linked, told, disk } = answer
  const version = disk === undefined || isSameVersion(disk, linked ?? '') ? linked : disk
  return {
    name,
    ...(release === undefined ? {} : { release }),
    ...(version === undefined ? {} : { version }),
    ...(told === undefined ? {} : { told }),
    ...(rung === 'answer' ? {} : { verified: rung }),
  }
}
