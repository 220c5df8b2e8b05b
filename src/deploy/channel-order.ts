import { type Channels, channelsDocument, currentOf, isSameRelease, type Pointer } from '../channels/model.ts'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ServiceDefinitions } from './reconcile.ts'
import { findRequest, type PromotionOf } from './request-deploy.ts'
import { serviceDocument, stateFor } from './service-state.ts'
import { subscribedTo } from './subscriptions.ts'

/** By channel, where its releases come from. Times are milliseconds. */
export type ChannelOrder = Readonly<Record<string, { readonly after: string; readonly stableFor: number }>>

export interface OrderPorts {
  readonly documents: Documents
  readonly clock: Clock
  readonly services: ServiceDefinitions
  readonly channelOrder: ChannelOrder
}

export interface OrderedPromotion {
  readonly project: string
  readonly channel: string
  readonly release: Pick<Pointer, 'version' | 'files'>
}

/**
 * Rejects with `promotion-refused` unless the release, byte for byte, is what the channel before has, and became stable
 * there on every service that subscribes to it, long enough ago. What the channel had once may come back at any time:
 * rolling back waits for nobody.
 */
export async function refuseOutOfOrder(
  ports: OrderPorts,
  { project, channel, release }: OrderedPromotion,
): Promise<void> {
  const order = ports.channelOrder[channel]
  if (order === undefined) return
  const channels = (await ports.documents.read(channelsDocument, keys.channels(project)))?.value ?? {}
  if (channels[channel]?.some((pointer) => isSameRelease(pointer, release))) return
  const { after } = order
  const refuse = (why: string) => {
    const text = `${channel} takes only what was stable on ${after} before, and ${project} ${release.version} ${why}. Nothing was promoted.`
    return new DomainError('promotion-refused', text, { project, version: release.version, channel })
  }
  const before = currentOf(channels, after)
  if (before === undefined || !isSameRelease(before, release)) throw refuse(notThere(channels, after, release))
  const since = await stableSince(ports, project, after, before)
  if (typeof since === 'string') throw refuse(since)
  const left = since + order.stableFor - ports.clock.now()
  if (left > 0) throw refuse(`has to be so for ${Math.ceil(left / 60_000)} more minutes`)
}

function notThere(channels: Channels, after: string, { version }: OrderedPromotion['release']): string {
  const current = currentOf(channels, after)
  if (current === undefined) return `was never promoted there`
  return current.version === version
    ? 'has other files there: files were added since; promote it there once more'
    : `is not what is promoted there now (${current.version})`
}

/** When the last of the services became stable; where none subscribes, when it was promoted. A sentence where one is not. */
async function stableSince(
  ports: OrderPorts,
  project: string,
  channel: string,
  pointer: Pointer,
): Promise<number | string> {
  let since = Date.parse(pointer.at)
  for (const [service, definition] of subscribedTo(ports.services, { project, channel })) {
    const at = await stableAt(ports, { service, definition, channel, pointer })
    if (at === undefined) return `has not become stable on ${service}`
    since = Math.max(since, at)
  }
  return since
}

async function stableAt({ documents }: OrderPorts, promotion: PromotionOf): Promise<number | undefined> {
  const { service, definition } = promotion
  const request = await findRequest(documents, promotion)
  const known = (await documents.read(serviceDocument, keys.service(service)))?.value
  if (request === undefined || known === undefined) return undefined
  const { stable, recent } = stateFor(known, definition.project)
  if (stable?.deploy !== request.deploy) return undefined
  const ended = recent.find(({ deploy }) => deploy === request.deploy)
  // Where it ended so long ago that the list has forgotten it, it was asked for even before.
  return Date.parse(ended?.at ?? request.at)
}
