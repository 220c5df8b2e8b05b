import { findAttempt } from '../channels/promote.ts'
import { DomainError, isDomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { changeHold } from './holds.ts'
import { type PromoteServicesPorts, promoteToServices, type ServicesPromotion } from './promote-services.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { rollbackTargets, type ServiceState, serviceDocument, spoiltTargets, stateFor } from './service-state.ts'
import { channelOf } from './subscriptions.ts'

export interface RollBackRequest {
  readonly service: string
  readonly definition: ServiceDefinition
  readonly by: string
  readonly reason?: string
  /** Whether the service is held afterwards, so that the next run of CI does not bring back what was just taken away. */
  readonly hold: boolean
  /** Names the request where the client did: the second time it goes no further back. */
  readonly attempt?: string
}

/**
 * Points the service's channel at the release that the service ran well last, other than what it is meant to run now.
 * Yanked and deleted ones are passed over, and those that were rolled back by themselves since. The services that subscribe to the same go along: a channel has one release.
 * Rejects with `promotion-refused` where there is nothing to go back to.
 */
export async function rollBack(
  ports: PromoteServicesPorts,
  { service, definition, by, reason, hold, attempt }: RollBackRequest,
): Promise<ServicesPromotion> {
  const known = (await ports.documents.read(serviceDocument, keys.service(service)))?.value
  const state = known && stateFor(known, definition.project)
  const channel = channelOf(service, definition)
  const from = state?.desired?.version
  const why = reason ?? `rolled back${from === undefined ? '' : ` from ${from}`}`
  const { project } = definition
  const named = attempt === undefined ? {} : { attempt }
  const request = { project, channel, by, reason: why, rollback: true, ...named }
  const done = attempt === undefined ? undefined : await findAttempt(ports.documents, { project, channel, attempt })
  const targets = state === undefined ? [] : rollbackTargets(state)
  const refusals: string[] = []
  for (const version of done === undefined ? targets : [done.version]) {
    try {
      const promotion = await promoteToServices(ports, { ...request, version })
      const at = new Date(ports.clock.now()).toISOString()
      if (hold) await changeHold(ports, service, { by, at, reason: why })
      return promotion
    } catch (error) {
      if (!isDomainError(error, 'promotion-refused') && !isDomainError(error, 'release-not-found')) throw error
      refusals.push(error.message)
    }
  }
  const none = `There is no earlier release of ${definition.project} that ${service} ran well.`
  const text = [none, ...refusals, ...spoilt(state)].join(' ')
  throw new DomainError('promotion-refused', text, { service })
}

function spoilt(state: ServiceState | undefined): readonly string[] {
  const versions = state === undefined ? [] : spoiltTargets(state)
  if (versions.length === 0) return []
  return [`Rolled back since they ran well: ${versions.join(', ')}. To try one again, promote it by its version.`]
}
