import { setMaxListeners } from 'node:events'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { ServiceDefinitions } from '../reconcile.ts'
import type { RequestPorts } from '../request-deploy.ts'
import { BoundedStarts } from '../ssh/bounded-starts.ts'
import { type ObservePorts, observe } from './observe.ts'
import { repair } from './repair.ts'

export interface ConvergePorts extends ObservePorts, RequestPorts {
  readonly services: ServiceDefinitions
  readonly log: Log
}

/** Each asks ten nodes at once. */
const servicesAtOnce = 8

/**
 * Looks at the nodes of each service now and then, as long as the worker runs, and repairs where the service says so. One whose
 * nodes are out of reach, or cannot be looked at, takes its time and holds up no other.
 */
export function startConverging(ports: ConvergePorts, lookSeconds: number): AsyncDisposable {
  const stop = new AbortController()
  // Something listens for each node, and that is no leak.
  setMaxListeners(0, stop.signal)
  const starts = new BoundedStarts(servicesAtOnce)
  const underWay = new Map<string, Promise<void>>()
  const look = (service: string) => {
    if (underWay.has(service)) return
    const looking = starts.run(() => converge(ports, service, stop.signal)).finally(() => underWay.delete(service))
    underWay.set(service, looking)
  }
  const running = (async () => {
    while (!stop.signal.aborted) {
      Object.keys(ports.services).forEach(look)
      await ports.clock.sleep(lookSeconds * 1000, stop.signal)
    }
    await Promise.all(underWay.values())
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

async function converge(ports: ConvergePorts, service: string, signal: AbortSignal): Promise<void> {
  // As it is configured when its turn has come.
  const definition = ports.services[service]
  if (definition === undefined || signal.aborted) return
  try {
    const observation = await observe(ports, service, definition, signal)
    const deploy = observation && (await repair(ports, service, definition, observation))
    if (deploy !== undefined) ports.log.info(`${service} has drifted: ${deploy} repairs it.`, { service, deploy })
  } catch (error) {
    if (!signal.aborted) ports.log.error(`Looking at the nodes of ${service} failed: ${messageOf(error)}`, { service })
  }
}
