import type { ServiceDefinitions } from './reconcile.ts'

/** The services that follow what is promoted of a project on a channel. */
export function subscribedTo(
  services: ServiceDefinitions,
  { project, channel }: { readonly project: string; readonly channel: string },
) {
  return Object.entries(services).filter(
    ([, definition]) => definition.project === project && definition.subscribe.promote === channel,
  )
}
