import { z } from 'zod'
import type { DocumentType } from '../../objects/documents.ts'
import { isSameVersion } from '../same-version.ts'
import type { ServiceState } from '../service-state.ts'

export const observedNodeSchema = z.object({
  name: z.string(),
  /** What `current` points at; absent where nothing was deployed there yet. */
  release: z.string().optional(),
  /** Of that release. */
  version: z.string().optional(),
  /** What the service says that it runs; absent where it did not answer, or where it tells nothing, nothing was seen. */
  told: z.string().optional(),
  /** By what that was seen, where the service itself tells nothing. */
  verified: z.enum(['process', 'files']).optional(),
  /** Why nobody could be asked. */
  problem: z.string().optional(),
})

export type ObservedNode = Readonly<z.infer<typeof observedNodeSchema>>

const observation = z.object({
  /** When somebody set out to look, and who: of several workers one does. ISO 8601. */
  claimed: z.string(),
  by: z.string(),
  /** When the nodes had been asked; absent before the first time. */
  at: z.string().optional(),
  nodes: z.array(observedNodeSchema),
})

/** What the nodes of a service were last seen to run, apart from deploys: `observations/<service>.json`. */
export type Observation = Readonly<z.infer<typeof observation>>

export const observationDocument: DocumentType<Observation> = {
  name: 'observation',
  format: 1,
  schema: observation,
}

/** `ok`: the process says that it is the version, and so does the disk. `empty`: a node that joined, with no release yet. */
export type NodeStanding = 'ok' | 'other' | 'silent' | 'empty' | 'unreachable'

export function standingOf({ problem, version, told }: ObservedNode, wanted: string): NodeStanding {
  if (problem !== undefined) return 'unreachable'
  if (version === undefined) return 'empty'
  if (told === undefined) return 'silent'
  return isSameVersion(told, wanted) && isSameVersion(version, wanted) ? 'ok' : 'other'
}

export interface Standing extends ObservedNode {
  readonly standing: NodeStanding
}

/**
 * Every node against what it should run: the version that a deploy brought to success last. What is desired and failed
 * is no measure: nodes that were taken back are where they should be.
 */
export function standings(observation: Observation | undefined, state: ServiceState | undefined): readonly Standing[] {
  const wanted = state?.stable?.version
  if (observation === undefined || wanted === undefined) return []
  return observation.nodes.map((node) => ({ ...node, standing: standingOf(node, wanted) }))
}

/** Whether it is time to look again: after a while, and after each deploy, but not beside one. */
export function isDue(
  observation: Observation | undefined,
  state: ServiceState | undefined,
  now: number,
  everyMilliseconds: number,
): boolean {
  if (everyMilliseconds === 0 || state?.stable === undefined || isBusy(state)) return false
  if (observation === undefined) return true
  const claimed = Date.parse(observation.claimed)
  const ended = Date.parse(state.recent[0]?.at ?? '')
  // Also where the clock was set back meanwhile: what is in the future was long ago.
  return Math.abs(now - claimed) >= everyMilliseconds || ended > claimed
}

export function isBusy({ running, waiting }: ServiceState): boolean {
  return running !== undefined || waiting !== undefined
}
