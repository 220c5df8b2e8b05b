import { channelsDocument, currentOf } from '../channels/model.ts'
import { messageOf } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { type RequestPorts, requestDeploy } from './request-deploy.ts'
import { hasWork } from './resting.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { considered, newServiceState, serviceDocument } from './service-state.ts'
import { channelOf } from './subscriptions.ts'
import { considerUploads, type UploadTriggerPorts } from './upload-trigger.ts'

export type ServiceDefinitions = Readonly<Record<string, ServiceDefinition>>

export interface ReconcilePorts extends RequestPorts, UploadTriggerPorts {
  readonly services: ServiceDefinitions
  readonly report: (error: unknown) => void
}

/** Answers with the services that have work waiting or under way, whoever does it. */
export type Reconcile = () => Promise<readonly string[]>

/**
 * Makes the deploys that should be there and are not, because somebody died between the promotion and them, a service was
 * configured after it, or uploads are what it follows. One service whose documents cannot be read holds up no other; it is reported once, until it can.
 */
export function reconciler(ports: ReconcilePorts): Reconcile {
  const told = new Map<string, string>()
  async function attempt<T>(service: string, doing: string, work: () => Promise<T>): Promise<T | undefined> {
    const about = `${service}: ${doing}`
    try {
      const done = await work()
      told.delete(about)
      return done
    } catch (error) {
      const text = `${about} failed, the other services go on: ${messageOf(error)}`
      if (told.get(about) !== text) ports.report(new Error(text, { cause: error }))
      told.set(about, text)
      return undefined
    }
  }
  return async () => {
    for (const [service, definition] of Object.entries(ports.services)) {
      await attempt(service, 'looking at its channel', () => considerPointer(ports, service, definition))
      await attempt(service, 'looking at its uploads', () => considerUploads(ports, service, definition))
    }
    const open: string[] = []
    // All that the store knows: a deploy goes on though its service has left this configuration.
    for await (const { key } of ports.documents.store.list(keys.servicePrefix)) {
      const service = key.slice(keys.servicePrefix.length, -'.json'.length)
      const works = await attempt(service, 'reading its document', async () => {
        const state = await ports.documents.read(serviceDocument, key)
        return state !== undefined && (await hasWork(ports, service, state.value))
      })
      if (works) open.push(service)
    }
    return open
  }
}

async function considerPointer(ports: RequestPorts, service: string, definition: ServiceDefinition): Promise<void> {
  const { documents } = ports
  const { project } = definition
  const channel = channelOf(service, definition)
  const channels = await documents.read(channelsDocument, keys.channels(project))
  const pointer = currentOf(channels?.value, channel)
  const state = await documents.read(serviceDocument, keys.service(service))
  if (pointer === undefined || pointer.serial <= considered(state?.value ?? newServiceState(), project, channel)) return
  await requestDeploy(ports, { service, definition, channel, pointer })
}
