import type { PlannedNode } from '../documents.ts'
import { longestVerify, verifyAnswer, verifyLook } from '../node/verify.ts'
import type { Outcome } from '../rollout/model.ts'
import { isSameVersion } from '../same-version.ts'
import { type ActContext, problem } from './act-context.ts'

export interface VerifyRequest {
  readonly version: string
  readonly activation: string
  readonly again: boolean
  /** Whether one good answer is enough: it is a look between restarts, not the last. */
  readonly once?: boolean
}

/** Sees the new process run the version, from the node itself. The node says which it runs, what that means is told here. */
export async function verify(
  context: ActContext,
  node: PlannedNode,
  request: VerifyRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const { clock } = context
  const end = clock.monotonic() + context.request.definition.verify.timeout_seconds * 1000
  for (;;) {
    const seen = await versionSeen(context, node, request, signal)
    if (!seen.ok) return seen
    if (isSameVersion(seen.version, request.version)) return { ok: true }
    // A service may say something else until it has loaded.
    if (request.again || node.url === undefined || signal.aborted || clock.monotonic() >= end) {
      return problem(`${whereOf(node)} version ${seen.version}, not ${request.version}`)
    }
  }
}

/** Files say the same however often one looks. */
function whereOf({ url, root, venv }: PlannedNode): string {
  return url === undefined ? `${venv ?? `${root}/current`} has` : `${url} runs`
}

type Seen = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly problem: string }

async function versionSeen(
  context: ActContext,
  node: PlannedNode,
  { activation, again, once = false }: VerifyRequest,
  signal: AbortSignal,
): Promise<Seen> {
  const { project, verify: settings } = context.request.definition
  const definition = { project, verify: once ? { ...settings, probes: 1 } : settings }
  const look = verifyLook(node, definition, { activation, again })
  const asked = await context.ask(node, look, longestVerify(settings), signal)
  if (!asked.ok) return asked
  const answer = verifyAnswer(asked.output)
  return answer ?? { ok: false, problem: `The check gave no answer that can be read: ${asked.output.slice(-300)}` }
}
