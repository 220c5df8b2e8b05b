import type { ServiceDefinitions } from './reconcile.ts'
import type { ServiceDefinition } from './service-definition.ts'

/** The services as they are configured now, which may be another set from one moment to the next. */
export interface LiveDefinitions {
  /** Always the same record, for whoever holds it: its content is replaced, as a whole and at once. */
  readonly services: ServiceDefinitions
  /** Deploys that run go on: each has the definition that it was asked for with. */
  replace(services: ServiceDefinitions): void
}

export function liveDefinitions(first: ServiceDefinitions): LiveDefinitions {
  const services: Record<string, ServiceDefinition> = { ...first }
  return {
    services,
    replace(next) {
      for (const name of Object.keys(services)) delete services[name]
      Object.assign(services, next)
    },
  }
}
