import type { PlannedNode } from '../documents.ts'
import { activateScript } from '../node/activate.ts'
import type { Effect, Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'
import { runProblem } from './run-problem.ts'

/** Switches a node to a release that is there, and restarts the service. */
export async function activate(
  context: ActContext,
  node: PlannedNode,
  release: string,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { root, restart } = node
  const script = activateScript({ root, release, restart })
  const limitSeconds = context.request.definition.rollout.restart_seconds
  const outcome = await context.run(node, { attempt: effect.attempt, script, limitSeconds }, signal)
  const failed = runProblem(`Restarting on ${release}`, outcome)
  return failed === undefined ? { ok: true } : problem(failed)
}
