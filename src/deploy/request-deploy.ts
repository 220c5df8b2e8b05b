import type { Pointer } from '../channels/model.ts'
import type { Clock } from '../clock.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { DeployQueue } from '../queue/deploy-queue.ts'
import type { EventBus } from '../queue/event-bus.ts'
import { type DeployRequest, headDocument, requestDocument } from './documents.ts'
import { newRollout } from './rollout/begin.ts'
import { step } from './rollout/step.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { closed, enter, newServiceState, type ServiceState, serviceDocument } from './service-state.ts'

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
export function deployIdOf(service: string, channel: string, serial: number): string {
  return `${service}.${channel}.${serial}`
}

export function serviceOfDeploy(deploy: string): string {
  return deploy.split('.')[0] ?? ''
}

/**
 * Makes the deploy that follows from a promotion. However often and by however many it is asked for, there is one: its id
 * comes from the promotion, and each write is create-only or changes nothing the second time.
 */
export async function requestDeploy(ports: RequestPorts, promotion: PromotionOf): Promise<DeployRequest> {
  const { documents, bus, queue } = ports
  const wanted = requestOf(promotion)
  const { service, deploy, project, version, channel, serial, at } = wanted
  const request = await documents.create(requestDocument, keys.deployRequest(service, deploy), wanted)
  const head = newRollout({ deploy, service, project, version }, ports.clock.now())
  await documents.create(headDocument, keys.deployHead(service, deploy), head)
  const state = await documents.update(serviceDocument, keys.service(service), (current = newServiceState()) =>
    enter(current, { deploy, version, channel, serial, at }),
  )
  if (state !== undefined) {
    await closeSuperseded(ports, service, state.value)
    bus.publish({ topic: 'service', id: service, serial: state.serial })
  }
  // Where the queue is away a worker finds the deploy by itself, a little later.
  await queue.enqueue(service).catch(() => undefined)
  return request.value
}

/** Tells those that were superseded so, in their own documents; their places in the service's were given up before. */
export async function closeSuperseded(ports: RequestPorts, service: string, state: ServiceState): Promise<void> {
  const { documents, bus, clock } = ports
  if (state.closing.length === 0) return
  for (const deploy of state.closing) {
    const by = state.waiting ?? state.running ?? 'a newer promotion'
    const head = await documents.update(headDocument, keys.deployHead(service, deploy), (rollout) => {
      const next = rollout && step(rollout, { kind: 'superseded', by }, clock.now())
      return next === rollout ? undefined : next
    })
    if (head !== undefined) bus.publish({ topic: 'deploy', id: deploy, serial: head.serial })
  }
  await documents.update(serviceDocument, keys.service(service), (current) => current && closed(current, state.closing))
}

function requestOf({ service, definition, channel, pointer }: PromotionOf): DeployRequest {
  const { serial, version, files, by, at, reason } = pointer
  return {
    deploy: deployIdOf(service, channel, serial),
    service,
    project: definition.project,
    version,
    channel,
    serial,
    files: [...files],
    by,
    at,
    ...(reason === undefined ? {} : { reason }),
    definition,
  }
}
