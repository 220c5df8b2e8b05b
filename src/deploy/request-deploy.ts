import { createHash, randomUUID } from 'node:crypto'
import { digestsOf, isSameRelease, type Pointer } from '../channels/model.ts'
import type { Clock } from '../clock.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { DeployQueue } from '../queue/deploy-queue.ts'
import type { EventBus } from '../queue/event-bus.ts'
import { controlsDocument, type DeployRequest, headDocument, requestDocument } from './documents.ts'
import { lockGeneration } from './relock.ts'
import { newRollout } from './rollout/begin.ts'
import type { Rollout, RolloutEvent } from './rollout/model.ts'
import { step } from './rollout/step.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { closed, closedAs, enter, newServiceState, type ServiceState, serviceDocument } from './service-state.ts'
import { channelInId } from './subscriptions.ts'

export interface RequestPorts {
  readonly documents: Documents
  readonly queue: DeployQueue
  readonly bus: EventBus
  readonly clock: Clock
}

export interface PromotionOf {
  readonly service: string
  readonly definition: ServiceDefinition
  readonly channel: string
  readonly pointer: Pointer
}

/** Service names have no dots: the first part of a deploy's id is its service. */
export function serviceOfDeploy(deploy: string): string {
  return deploy.split('.')[0] ?? ''
}

/**
 * Makes the deploy that follows from a promotion. However often and by however many it is asked for, there is one: its id
 * comes from the promotion, and each write is create-only or changes nothing the second time.
 */
export async function requestDeploy(ports: RequestPorts, promotion: PromotionOf): Promise<DeployRequest> {
  const request = await keepRequest(ports.documents, promotion)
  const { deploy, project, version, channel, serial, at } = request
  await enterRequested(ports, request, (current = newServiceState()) =>
    enter(current, { deploy, project, version, channel, serial, at }),
  )
  return request
}

/** Makes a deploy under an id that nobody else gives, where the service lets it in; whether it did. */
export async function enterDeploy(
  ports: RequestPorts,
  wanted: DeployRequest,
  how: (state: ServiceState | undefined) => ServiceState | undefined,
): Promise<boolean> {
  const { documents, clock } = ports
  const { service, deploy } = wanted
  // Of what is refused nothing is written: a head that waits would wait for ever.
  const state = await documents.read(serviceDocument, keys.service(service))
  if (how(state?.value) === undefined) return false
  const kept = await documents.create(requestDocument, keys.deployRequest(service, deploy), wanted)
  if (await enterRequested(ports, kept.value, how)) return true
  // Another one was quicker, between the look and the write.
  await documents.update(headDocument, keys.deployHead(service, deploy), (head) => {
    const next = head && step(head, { kind: 'superseded', by: 'another deploy' }, clock.now())
    return next === head ? undefined : next
  })
  return false
}

async function enterRequested(
  ports: RequestPorts,
  { service, deploy, project, version }: DeployRequest,
  how: (state: ServiceState | undefined) => ServiceState | undefined,
): Promise<boolean> {
  const { documents, bus, queue } = ports
  const nonce = randomUUID().slice(0, 8)
  const head = newRollout({ deploy, service, project, version, nonce }, ports.clock.now())
  await documents.create(headDocument, keys.deployHead(service, deploy), head)
  const state = await documents.update(serviceDocument, keys.service(service), how)
  if (state !== undefined) {
    await closeUnbegun(ports, service, state.value)
    bus.publish({ topic: 'service', id: service, serial: state.serial })
  }
  // Where the queue is away a worker finds the deploy by itself, a little later.
  await queue.enqueue(service).catch(() => undefined)
  return state !== undefined && (state.value.waiting === deploy || state.value.running === deploy)
}

/** What was asked for when this promotion was considered; `undefined` where it was not yet. */
export async function findRequest(documents: Documents, promotion: PromotionOf): Promise<DeployRequest | undefined> {
  for (const deploy of idsOf(promotion)) {
    const found = await documents.read(requestDocument, keys.deployRequest(promotion.service, deploy))
    if (found === undefined || isOf(found.value, promotion)) return found?.value
  }
  return undefined
}

async function keepRequest(documents: Documents, promotion: PromotionOf): Promise<DeployRequest> {
  const { definition, pointer } = promotion
  const generation = await lockGeneration(documents, definition.project, pointer.version)
  for (const deploy of idsOf(promotion)) {
    const wanted = requestOf(deploy, promotion, generation)
    const kept = await documents.create(requestDocument, keys.deployRequest(promotion.service, deploy), wanted)
    if (isOf(kept.value, promotion)) return kept.value
  }
  throw new Error(`No id is left for a deploy of ${promotion.service}: another promotion has each.`)
}

/**
 * The ids that the deploy of a promotion may have, the wanted one first. Serials count within one project's channel: a
 * service that was given another project finds the plain id taken, and adds what was promoted.
 */
function idsOf({ service, channel, pointer, definition }: PromotionOf): readonly [string, string] {
  const plain = `${service}.${channelInId(channel)}.${pointer.serial}`
  const promoted = JSON.stringify([definition.project, pointer.version, digestsOf(pointer.files)])
  return [plain, `${plain}-${createHash('sha256').update(promoted).digest('hex').slice(0, 8)}`]
}

function isOf({ project, version, files }: DeployRequest, { definition, pointer }: PromotionOf): boolean {
  return project === definition.project && isSameRelease({ version, files }, pointer)
}

export async function closeUnbegun(ports: RequestPorts, service: string, state: ServiceState): Promise<void> {
  const { documents, bus, clock } = ports
  if (state.closing.length === 0) return
  for (const deploy of state.closing) {
    const events = await lastEventsOf(documents, service, state, deploy)
    const head = await documents.update(headDocument, keys.deployHead(service, deploy), (rollout) => {
      const next = rollout && events.reduce<Rollout>((one, event) => step(one, event, clock.now()), rollout)
      return next === rollout ? undefined : next
    })
    if (head !== undefined) bus.publish({ topic: 'deploy', id: deploy, serial: head.serial })
  }
  await documents.update(serviceDocument, keys.service(service), (current) => current && closed(current, state.closing))
}

async function lastEventsOf(
  documents: Documents,
  service: string,
  state: ServiceState,
  deploy: string,
): Promise<readonly RolloutEvent[]> {
  const by = state.waiting ?? state.running ?? 'a newer promotion'
  if (closedAs(state, deploy) !== 'aborted') return [{ kind: 'superseded', by }]
  const told = await documents.read(controlsDocument, keys.deployControls(service, deploy))
  return (told?.value.controls ?? []).map((control) => ({ kind: 'control', control }))
}

/** As it will be kept, whoever asks first. */
export function requestOf(
  deploy: string,
  { service, definition, channel, pointer }: PromotionOf,
  generation = 0,
): DeployRequest {
  const { serial, version, files, by, at, reason, force, rollback } = pointer
  return {
    deploy,
    service,
    project: definition.project,
    version,
    channel,
    serial,
    files: [...files],
    by,
    at,
    ...(reason === undefined ? {} : { reason }),
    ...(generation === 0 ? {} : { generation }),
    ...(force === undefined ? {} : { force }),
    ...(rollback === undefined ? {} : { rollback }),
    definition,
  }
}
