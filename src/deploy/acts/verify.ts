import type { PlannedNode } from '../documents.ts'
import { verifyAnswer, verifyScript } from '../node/verify.ts'
import type { Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'

export interface VerifyRequest {
  readonly version: string
  readonly activation: string
  readonly again: boolean
}

/** Sees the new process run the version, from the node itself. */
export async function verify(
  context: ActContext,
  node: PlannedNode,
  { version, activation, again }: VerifyRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const settings = context.request.definition.verify
  const script = verifyScript(node, settings, { activation, versions: spellings(version), again })
  const asked = await context.ask(node, script, settings.timeout_seconds + 30, signal)
  if (!asked.ok) return asked
  const answer = verifyAnswer(asked.output)
  if (answer?.ok === true) return { ok: true }
  return problem(answer?.problem ?? `The check gave no answer that can be read: ${asked.output.slice(-300)}`)
}

/** Services tell their version as somebody once typed it: with or without the zeros at its end (PEP 440). */
function spellings(version: string): string[] {
  const [release = '', ...rest] = version.split('+')
  const local = rest.length > 0 ? `+${rest.join('+')}` : ''
  const short = release.replace(/(\.0)+$/, '')
  const all = [release, short, `${short}.0`, `${short}.0.0`].map((one) => one + local)
  return /^[0-9.]+$/.test(release) ? [...new Set([version, ...all])] : [version]
}
