import type { ServiceDefinitions } from './reconcile.ts'
import type { ServiceDefinition } from './service-definition.ts'

/**
 * The channel that a service follows: a configured one, or its own, which uploads move and people may. No configured channel
 * has a name like it.
 */
export function channelOf(service: string, { subscribe }: Pick<ServiceDefinition, 'subscribe'>): string {
  return subscribe.promote ?? `upload:${service}`
}

/** As it stands in the ids of deploys, behind the service's name. */
export function channelInId(channel: string): string {
  return channel.split(':')[0] ?? channel
}

/** All that releases of a project can be promoted to. */
export function channelsFor(
  { channels, services }: { readonly channels: readonly string[]; readonly services: ServiceDefinitions },
  project: string,
): readonly string[] {
  const own = Object.entries(services)
    .filter(([, definition]) => definition.project === project && definition.subscribe.upload !== undefined)
    .map(([service, definition]) => channelOf(service, definition))
  return [...channels, ...own]
}

/** All that there are, whatever the project: nodes read their dependencies by the channel of their service. */
export function allChannels({
  channels,
  services,
}: {
  readonly channels: readonly string[]
  readonly services: ServiceDefinitions
}): readonly string[] {
  return [...channels, ...Object.entries(services).map(([service, definition]) => channelOf(service, definition))]
}

/** The services that follow what is promoted of a project on a channel. */
export function subscribedTo(
  services: ServiceDefinitions,
  { project, channel }: { readonly project: string; readonly channel: string },
) {
  return Object.entries(services).filter(
    ([service, definition]) => definition.project === project && channelOf(service, definition) === channel,
  )
}
