import type { PlannedNode } from '../documents.ts'
import { type ProbeAnswer, probeAnswer, probeLook } from '../node/probe.ts'
import type { NodeProgress, Outcome } from '../rollout/model.ts'
import { isSameVersion } from '../same-version.ts'
import { type ActContext, problem } from './act-context.ts'

const patienceSeconds = 60

/** Finds out what a node is and what it runs. */
export async function probe(
  context: Pick<ActContext, 'request' | 'ask'>,
  node: PlannedNode,
  signal: AbortSignal,
): Promise<Outcome> {
  const asked = await context.ask(node, probeLook(node, context.request.definition), patienceSeconds, signal)
  if (!asked.ok) return asked
  const answer = probeAnswer(asked.output)
  if (answer === undefined) return problem(`The node gave no answer that can be read: ${asked.output.slice(-300)}`)
  const before = beforeOf(answer)
  const { nodeClass, python } = answer
  return { ok: true, found: { kind: 'probe', nodeClass, python, ...(before && { before }) } }
}

function beforeOf({ release, version, told, disk = version, verified }: ProbeAnswer): NodeProgress['before'] {
  if (release === undefined || version === undefined || disk === undefined) return undefined
  const healthy = told !== undefined && isSameVersion(told, version)
  // What is on the disk by other means is not that release, whatever still runs.
  return { release, version, healthy, verified: verified && isSameVersion(disk, version) }
}
