import { randomUUID } from 'node:crypto'
import { DomainError, isDomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { tellDeploy } from './control-deploy.ts'
import { requestDocument } from './documents.ts'
import type { RequestPorts } from './request-deploy.ts'
import { type Freeze, freezeSchema, type ImposedFreeze, isPast } from './rollout/freezes.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { newServiceState, type ServiceState, serviceDocument } from './service-state.ts'

/** A document that grows with each is no place for more. */
const most = 100

export interface FreezeRequest {
  /** From now on, where left out. */
  readonly from?: string
  readonly until: string
  readonly zone?: string
  readonly reason: string
  /** Name of the token. */
  readonly by: string
}

/** All that a service has, those of the configuration first. */
export function freezesOf(
  { freezes }: Pick<ServiceDefinition, 'freezes'>,
  state: Pick<ServiceState, 'freezes'> | undefined,
): readonly Freeze[] {
  return [...freezes, ...(state?.freezes ?? [])]
}

/**
 * Freezes a service, besides what its configuration says. A deploy that is under way is told: it waits where it would for a
 * freeze of the configuration. Rejects with `invalid-request`.
 */
export async function freezeService(
  ports: RequestPorts,
  service: string,
  { from, until, zone = 'UTC', reason, by }: FreezeRequest,
): Promise<ImposedFreeze> {
  const at = new Date(ports.clock.now()).toISOString()
  const parsed = freezeSchema.safeParse({ from: from ?? at, to: until, zone, reason })
  if (!parsed.success) throw invalid(parsed.error.issues.map(({ message }) => message).join('; '))
  if (isPast(parsed.data, ports.clock.now())) throw invalid('is over already')
  const freeze = { ...parsed.data, id: randomUUID().slice(0, 8), reason, by, at }
  await change(ports, service, by, (before) => {
    if (before.some(({ id }) => id === freeze.id)) return undefined
    if (before.length >= most) throw invalid(`would be one of more than ${most} of ${service}: thaw some of them first`)
    return [...before, freeze]
  })
  return freeze
}

/** Takes a freeze away. Rejects with `not-found` where no such one was made by the API. */
export async function thawService(
  ports: RequestPorts,
  service: string,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<ImposedFreeze> {
  let found: ImposedFreeze | undefined
  await change(ports, service, by, (before) => {
    found ??= before.find((one) => one.id === id)
    const left = before.filter((one) => one.id !== id)
    return left.length === before.length ? undefined : left
  })
  if (found !== undefined) return found
  const text =
    `${service} has no freeze "${id.slice(0, 100)}". GET /services/${service}/freezes lists them; those of the configuration ` +
    'have no id and are changed there.'
  throw new DomainError('not-found', text, { service })
}

async function change(
  ports: RequestPorts,
  service: string,
  by: string,
  how: (before: readonly ImposedFreeze[]) => readonly ImposedFreeze[] | undefined,
): Promise<void> {
  const { documents, bus, clock } = ports
  let changed = false
  const written = await documents.update(
    serviceDocument,
    keys.service(service),
    (state: ServiceState = newServiceState()) => {
      const now = clock.now()
      const freezes = how((state.freezes ?? []).filter((freeze) => !isPast(freeze, now)))
      changed ||= freezes !== undefined
      return freezes && { ...state, freezes: [...freezes] }
    },
  )
  if (written === undefined || !changed) return
  bus.publish({ topic: 'service', id: service, serial: written.serial })
  const { running, gated, freezes = [] } = written.value
  // One that waits for its turn reads them when it is planned.
  for (const deploy of [running, gated]) {
    if (deploy !== undefined) await tell(ports, service, deploy, { by, imposed: { serial: written.serial, freezes } })
  }
}

async function tell(
  ports: RequestPorts,
  service: string,
  deploy: string,
  said: { readonly by: string; readonly imposed: { readonly serial: number; readonly freezes: ImposedFreeze[] } },
): Promise<void> {
  const request = await ports.documents.read(requestDocument, keys.deployRequest(service, deploy))
  // What was made by force, or brings back what was well, waits for no freeze.
  if (request?.value.force) return
  try {
    await tellDeploy(ports, deploy, { kind: 'freezes', ...said })
  } catch (error) {
    // It ends, or goes back: nothing is begun any more.
    if (!isDomainError(error, 'control-refused')) throw error
  }
}

function invalid(problem: string): DomainError {
  return new DomainError('invalid-request', `The freeze is not understood: it ${problem}.`)
}
