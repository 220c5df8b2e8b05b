import { channelsDocument, currentOf, isSameRelease, type Pointer } from '../channels/model.ts'
import {
  findAttempt,
  type PromotePorts,
  type Promotion,
  type PromotionRequest,
  promote,
  releaseToPromote,
} from '../channels/promote.ts'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { type ChannelOrder, type OrderedPromotion, refuseOutOfOrder } from './channel-order.ts'
import { headDocument } from './documents.ts'
import { refuseHeld } from './holds.ts'
import type { ServiceDefinitions } from './reconcile.ts'
import { askRelock } from './relock.ts'
import { findRequest, type PromotionOf, type RequestPorts, requestDeploy } from './request-deploy.ts'
import { describeFrozen, type Frozen, frozenAt } from './rollout/freezes.ts'
import { isOver } from './rollout/model.ts'
import { channelsFor, subscribedTo } from './subscriptions.ts'

export interface PromoteServicesPorts extends RequestPorts, Pick<PromotePorts, 'projects' | 'channels'> {
  readonly services: ServiceDefinitions
  readonly channelOrder: ChannelOrder
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
  request: Omit<PromotionRequest, 'again'> & { readonly relock?: boolean },
): Promise<ServicesPromotion> {
  const subscribed = subscribedTo(ports.services, request)
  const { channel } = request
  const of = (pointer: Pointer): readonly PromotionOf[] =>
    subscribed.map(([service, definition]) => ({ service, definition, channel, pointer }))
  if (!request.rollback) await refusePromotion(ports, request)
  const relocked = await relock(ports, request)
  const everywhere = { ...ports, channels: channelsFor(ports, request.project) }
  const first = await promote(everywhere, request)
  const again = !first.changed && first.current && (relocked || (await failedBefore(ports, of(first.pointer))))
  const promotion = again ? await promote(everywhere, { ...request, again: first.pointer.serial }) : first
  const deploys = await Promise.all(
    of(promotion.pointer).map(async (promoted) => (await requestDeploy(ports, promoted)).deploy),
  )
  return { ...promotion, deploys }
}

/** Whether the release is to be pinned anew: once for a request that is sent twice, and never for a service that is held. */
async function relock(
  ports: PromoteServicesPorts,
  request: Omit<PromotionRequest, 'again'> & { readonly relock?: boolean },
): Promise<boolean> {
  const { project, channel, attempt, by, reason, force = false } = request
  if (!request.relock) return false
  if (attempt !== undefined && (await findAttempt(ports.documents, { project, channel, attempt })) !== undefined)
    return false
  const { version } = releaseToPromote(await ports.projects.get(project), request.version, force)
  if (!force) {
    await refuseStopped(ports, request)
  }
  const at = new Date(ports.clock.now()).toISOString()
  await askRelock(ports.documents, { project, version }, { by, at, ...(reason === undefined ? {} : { reason }) })
  return true
}

/** Rejects with what is in the way of a promotion, unless it is made by force or the channel is there already. */
export async function refusePromotion(ports: PromoteServicesPorts, request: PromotionRequest): Promise<void> {
  if (request.force === true) return
  const { project, channel, version } = request
  const release = releaseToPromote(await ports.projects.get(project), version, false)
  if (await isThere(ports, { project, channel, release })) return
  await refuseOutOfOrder(ports, { project, channel, release })
  await refuseStopped(ports, request)
}

/** Where a service is held or frozen: the channel is not moved for some of them only. */
async function refuseStopped(ports: PromoteServicesPorts, request: PromotionRequest): Promise<void> {
  const subscribed = subscribedTo(ports.services, request)
  const services = subscribed.map(([service]) => service)
  await refuseHeld(ports.documents, services)
  for (const [service, { freezes }] of subscribed) refuseFrozen(service, frozenAt(freezes, ports.clock.now()))
}

function refuseFrozen(service: string, frozen: Frozen | undefined): void {
  if (frozen === undefined) return
  const text = `${service} is ${describeFrozen(frozen)}: nothing was promoted. Wait until then, or promote by force ({"force": true}).`
  throw new DomainError('promotion-refused', text, { service })
}

/** What a held service runs already may be promoted as often as one likes. */
async function isThere({ documents }: RequestPorts, { project, channel, release }: OrderedPromotion): Promise<boolean> {
  const channels = await documents.read(channelsDocument, keys.channels(project))
  const current = currentOf(channels?.value, channel)
  return current !== undefined && isSameRelease(current, release)
}

async function failedBefore({ documents }: RequestPorts, promotions: readonly PromotionOf[]): Promise<boolean> {
  const phases = await Promise.all(
    promotions.map(async (promotion) => {
      const request = await findRequest(documents, promotion)
      if (request === undefined) return undefined
      return (await documents.read(headDocument, keys.deployHead(request.service, request.deploy)))?.value.phase
    }),
  )
  return phases.some((phase) => phase !== undefined && isOver(phase) && phase !== 'succeeded')
}
