import { channelsDocument, currentOf } from '../channels/model.ts'
import { keys } from '../objects/keys.ts'
import { type RequestPorts, requestDeploy } from './request-deploy.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { type ServiceState, serviceDocument } from './service-state.ts'

export type ServiceDefinitions = Readonly<Record<string, ServiceDefinition>>

/**
 * Makes the deploys that should be there and are not, because somebody died between the promotion and them, or a service
 * was configured after it. Answers with the services that have work waiting or under way, whoever does it.
 */
export async function reconcile(ports: RequestPorts, services: ServiceDefinitions): Promise<readonly string[]> {
  for (const [service, definition] of Object.entries(services)) await considerPointer(ports, service, definition)
  const open: string[] = []
  // All that the store knows: a deploy goes on though its service has left this configuration.
  for await (const { key } of ports.documents.store.list(keys.servicePrefix)) {
    const state = (await ports.documents.read(serviceDocument, key))?.value
    if (state !== undefined && hasWork(state)) open.push(key.slice(keys.servicePrefix.length, -'.json'.length))
  }
  return open
}

async function considerPointer(ports: RequestPorts, service: string, definition: ServiceDefinition): Promise<void> {
  const { documents } = ports
  const channel = definition.subscribe.promote
  const channels = await documents.read(channelsDocument, keys.channels(definition.project))
  const pointer = currentOf(channels?.value, channel)
  const state = await documents.read(serviceDocument, keys.service(service))
  if (pointer === undefined || pointer.serial <= (state?.value.considered[channel] ?? 0)) return
  await requestDeploy(ports, { service, definition, channel, pointer })
}

function hasWork(state: ServiceState): boolean {
  return state.running !== undefined || state.waiting !== undefined || state.closing.length > 0
}
