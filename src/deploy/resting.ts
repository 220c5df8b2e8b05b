import type { Clock } from '../clock.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { controlsDocument, headDocument } from './documents.ts'
import { expire } from './rollout/approving.ts'
import type { Rollout } from './rollout/model.ts'
import type { ServiceState } from './service-state.ts'

export interface RestPorts {
  readonly documents: Documents
  readonly clock: Clock
}

/**
 * Whether nothing goes on until a person says something, which may be in days: whoever carries it lets go of it, so that it
 * keeps no worker, no connection and no lease from others.
 */
export function waitsForPerson({ phase, effects }: Rollout): boolean {
  return (phase === 'gated' || phase === 'paused') && effects.length === 0
}

/** Whether a deploy that nobody carries, as it waits for a person, was told something, or has waited long enough. */
export async function hasNews({ documents, clock }: RestPorts, service: string, deploy: string): Promise<boolean> {
  const head = (await documents.read(headDocument, keys.deployHead(service, deploy)))?.value
  if (head === undefined || !waitsForPerson(head) || expire(head, clock.now()) !== head) return true
  const told = (await documents.read(controlsDocument, keys.deployControls(service, deploy)))?.value.controls
  return (told?.at(-1)?.number ?? 0) > (head.controls ?? 0)
}

/** Whether a worker is needed. What waits behind a deploy that waits for a person needs none. */
export async function hasWork(ports: RestPorts, service: string, state: ServiceState): Promise<boolean> {
  const { running, resting, waiting, gated, closing } = state
  if (closing.length > 0) return true
  if (running !== undefined) return resting !== running || (await hasNews(ports, service, running))
  return waiting !== undefined || (gated !== undefined && (await hasNews(ports, service, gated)))
}
