import { setMaxListeners } from 'node:events'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { ServiceDefinitions } from '../reconcile.ts'
import type { RequestPorts } from '../request-deploy.ts'
import { type ObservePorts, observe } from './observe.ts'
import { repair } from './repair.ts'

export interface ConvergePorts extends ObservePorts, RequestPorts {
  readonly services: ServiceDefinitions
  readonly log: Log
}

/** Looks at the nodes of each service now and then, as long as the worker runs, and repairs where the service says so. */
export function startConverging(ports: ConvergePorts, lookSeconds: number): AsyncDisposable {
  const stop = new AbortController()
  // Something listens for each node, and that is no leak.
  setMaxListeners(0, stop.signal)
  const running = (async () => {
    while (!stop.signal.aborted) {
      for (const [service, definition] of Object.entries(ports.services)) {
        if (!stop.signal.aborted) await converge(ports, service, definition, stop.signal)
      }
      await ports.clock.sleep(lookSeconds * 1000, stop.signal)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** One service whose nodes cannot be looked at holds up no other. */
async function converge(
  ports: ConvergePorts,
  service: string,
  definition: ConvergePorts['services'][string],
  signal: AbortSignal,
): Promise<void> {
  try {
    const observation = await observe(ports, service, definition, signal)
    const deploy = observation && (await repair(ports, service, definition, observation))
    if (deploy !== undefined) ports.log.info(`${service} has drifted: ${deploy} repairs it.`, { service, deploy })
  } catch (error) {
    if (!signal.aborted) ports.log.error(`Looking at the nodes of ${service} failed: ${messageOf(error)}`, { service })
  }
}
