import type { PlannedNode } from '../documents.ts'
import { probeAnswer, probeScript } from '../node/probe.ts'
import type { Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'

const patienceSeconds = 60

/** Finds out what a node is and what it runs. */
export async function probe(context: ActContext, node: PlannedNode, signal: AbortSignal): Promise<Outcome> {
  const { verify } = context.request.definition
  const asked = await context.ask(node, probeScript(node, verify), patienceSeconds, signal)
  if (!asked.ok) return asked
  const answer = probeAnswer(asked.output)
  if (answer === undefined) return problem(`The node gave no answer that can be read: ${asked.output.slice(-300)}`)
  const { nodeClass, release, version, healthy, verified } = answer
  const before = release === undefined || version === undefined ? undefined : { release, version, healthy, verified }
  return { ok: true, found: { kind: 'probe', nodeClass, ...(before && { before }) } }
}
