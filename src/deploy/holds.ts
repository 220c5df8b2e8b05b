import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { EventBus } from '../queue/event-bus.ts'
import { type Hold, newServiceState, type ServiceState, serviceDocument, withHold } from './service-state.ts'

export interface HoldPorts {
  readonly documents: Documents
  readonly bus: EventBus
}

/** Holds a service, or with `undefined` releases it. Answers with how it was before; a second hold takes the first one's place. */
export async function changeHold(
  { documents, bus }: HoldPorts,
  service: string,
  hold: Hold | undefined,
): Promise<Hold | undefined> {
  let before: Hold | undefined
  const written = await documents.update(
    serviceDocument,
    keys.service(service),
    (state: ServiceState = newServiceState()) => {
      before = state.hold ?? (hold === undefined ? state.automaticHold : undefined)
      return before === undefined && hold === undefined ? undefined : withHold(state, hold)
    },
  )
  if (written !== undefined) bus.publish({ topic: 'service', id: service, serial: written.serial })
  return before
}

/** Rejects with `promotion-refused` where one of the services is held: the channel is not moved for some of them only. */
export async function refuseHeld(documents: Documents, services: readonly string[]): Promise<void> {
  for (const service of services) {
    const hold = (await documents.read(serviceDocument, keys.service(service)))?.value.hold
    if (hold === undefined) continue
    const text =
      `${describeHold(service, hold)}: nothing was promoted. Release it (POST /services/${service}/release), or promote ` +
      'by force ({"force": true}).'
    throw new DomainError('promotion-refused', text, { service })
  }
}

/** Of a hold that a rollback set. */
export function describeAutomaticHold(service: string, { by, at, reason }: Hold): string {
  const since = at.slice(0, 16).replace('T', ' ')
  return `${service} is held for automatic deploys since ${since} (${by}: ${reason ?? 'rolled back'}), until a deploy succeeds or it is released`
}

export function describeHold(service: string, { by, at, reason }: Hold): string {
  return `${service} is held by "${by}" since ${at.slice(0, 16).replace('T', ' ')}${reason === undefined ? '' : ` (${reason})`}`
}
