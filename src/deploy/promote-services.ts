import { type PromotePorts, type Promotion, type PromotionRequest, promote } from '../channels/promote.ts'
import { keys } from '../objects/keys.ts'
import { headDocument } from './documents.ts'
import type { ServiceDefinitions } from './reconcile.ts'
import { deployIdOf, type RequestPorts, requestDeploy } from './request-deploy.ts'
import { isOver } from './rollout/model.ts'
import type { ServiceDefinition } from './service-definition.ts'

export interface PromoteServicesPorts extends RequestPorts, Pick<PromotePorts, 'projects' | 'channels'> {
  readonly services: ServiceDefinitions
}

export interface ServicesPromotion extends Promotion {
  /** One for each service that subscribes to the channel. */
  readonly deploys: readonly string[]
}

/**
 * Points the channel at a release, and makes the deploys that follow. Where it points there already and a deploy of that
 * promotion did not succeed, it is promoted once more: that is how one tries again.
 */
export async function promoteToServices(
  ports: PromoteServicesPorts,
  request: Omit<PromotionRequest, 'again'>,
): Promise<ServicesPromotion> {
  const subscribed = Object.entries(ports.services).filter(
    ([, { project, subscribe }]) => project === request.project && subscribe.promote === request.channel,
  )
  const first = await promote(ports, { ...request, again: false })
  const again = !first.changed && (await failedBefore(ports, subscribed, request.channel, first.pointer.serial))
  const promotion = again ? await promote(ports, { ...request, again: true }) : first
  const { pointer } = promotion
  const deploys = await Promise.all(
    subscribed.map(async ([service, definition]) => {
      const { channel } = request
      return (await requestDeploy(ports, { service, definition, channel, pointer })).deploy
    }),
  )
  return { ...promotion, deploys }
}

async function failedBefore(
  { documents }: RequestPorts,
  subscribed: readonly (readonly [string, ServiceDefinition])[],
  channel: string,
  serial: number,
): Promise<boolean> {
  const heads = await Promise.all(
    subscribed.map(([service]) => {
      const deploy = deployIdOf(service, channel, serial)
      return documents.read(headDocument, keys.deployHead(service, deploy))
    }),
  )
  return heads.some((head) => head !== undefined && isOver(head.value.phase) && head.value.phase !== 'succeeded')
}
