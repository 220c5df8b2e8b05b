import type { PlannedNode } from '../documents.ts'
import { activateScript, linkTo } from '../node/activate.ts'
import { hupScript } from '../node/in-place/hup.ts'
import { installInPlace } from '../node/in-place/install.ts'
import { replaceScript } from '../node/replace.ts'
import type { Effect, NodeProgress, Outcome } from '../rollout/model.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { type ActContext, problem } from './act-context.ts'
import { runProblem } from './run-problem.ts'

export interface Switch {
  /** Name of the folder under `releases/`. */
  readonly release: string
  /** What the deploy found there. */
  readonly before: NodeProgress['before']
}

/** Switches a node to a release that is there, and restarts the service. */
export async function activate(
  context: ActContext,
  node: PlannedNode,
  { release, before }: Switch,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { definition } = context.request
  const limitSeconds = limitOf(node, definition)
  const script = activateScript({
    root: node.root,
    release,
    ...placeOf(node, { release, before }, definition),
    // On the way back nothing may stand between a node and what it ran.
    ...(effect.kind === 'activate' && { check: node.check }),
    what: node.restart,
    restart: restartLine(node, definition),
    explain: node.explain,
  })
  const outcome = await context.run(node, { attempt: effect.attempt, script, limitSeconds }, signal)
  const failed = runProblem(`Restarting on ${release}`, outcome)
  return failed === undefined ? { ok: true } : problem(failed)
}

/** In place, wheels are put into the environment first. */
function limitOf({ venv }: PlannedNode, { rollout }: ServiceDefinition): number {
  return rollout.restart_seconds + (venv === undefined ? 0 : rollout.install_seconds)
}

function placeOf({ python, root, venv }: PlannedNode, { release, before }: Switch, { installer }: ServiceDefinition) {
  if (venv === undefined) return { put: linkTo(release), environment: `${root}/current` }
  const put = installInPlace({ python, root, venv, release, before: before?.release, installer })
  return { put, environment: venv }
}

function restartLine(node: PlannedNode, { verify, rollout }: ServiceDefinition): string {
  const { python, root, url, pidfile, signal, start, restart } = node
  if (pidfile === undefined) return restart
  const { version, pid } = verify
  const asked = { python, root, pidfile, version, pid }
  return signal === 'HUP'
    ? hupScript({ ...asked, url, start })
    : // Without a URL it is refused at load.
      replaceScript({ ...asked, url: url ?? '', seconds: rollout.restart_seconds })
}
