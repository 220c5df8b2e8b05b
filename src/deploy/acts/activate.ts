import type { PlannedNode } from '../documents.ts'
import { activateScript } from '../node/activate.ts'
import { replaceScript } from '../node/replace.ts'
import type { Effect, Outcome } from '../rollout/model.ts'
import type { ServiceDefinition } from '../service-definition.ts'
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
  const { root, restart: what, explain } = node
  const { rollout, verify } = context.request.definition
  const limitSeconds = rollout.restart_seconds
  const restart = node.pidfile === undefined ? what : replacing(node, node.pidfile, verify, limitSeconds)
  const script = activateScript({ root, release, what, restart, explain })
  const outcome = await context.run(node, { attempt: effect.attempt, script, limitSeconds }, signal)
  const failed = runProblem(`Restarting on ${release}`, outcome)
  return failed === undefined ? { ok: true } : problem(failed)
}

function replacing(
  { python, root, url }: PlannedNode,
  pidfile: string,
  { version, pid }: ServiceDefinition['verify'],
  seconds: number,
): string {
  return replaceScript({ python, root, pidfile, url, version, pid, seconds })
}
