import { changeHold } from './holds.ts'
import { type PromoteServicesPorts, promoteToServices, type ServicesPromotion } from './promote-services.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { channelOf } from './subscriptions.ts'

export interface PinRequest {
  readonly service: string
  readonly definition: ServiceDefinition
  readonly version: string
  readonly by: string
  readonly reason?: string
  readonly force: boolean
  readonly attempt?: string
}

/**
 * Points the service's channel at a release, as any promotion does, and holds the service, so that neither CI nor an upload
 * moves it on. Rejects as a promotion does, and then holds nothing.
 */
export async function pin(
  ports: PromoteServicesPorts,
  { service, definition, ...request }: PinRequest,
): Promise<ServicesPromotion> {
  const { project } = definition
  const promotion = await promoteToServices(ports, { ...request, project, channel: channelOf(service, definition) })
  const { by, reason } = request
  const pinned = `pinned to ${promotion.pointer.version}`
  const at = new Date(ports.clock.now()).toISOString()
  await changeHold(ports, service, { by, at, reason: reason === undefined ? pinned : `${pinned}: ${reason}` })
  return promotion
}
