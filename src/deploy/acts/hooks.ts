import type { DeployRequest, PlannedNode } from '../documents.ts'
import { type Environment, hookScript } from '../node/hook.ts'
import { onceScript } from '../node/in-place/once.ts'
import type { Effect, NodeProgress, Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'
import { runProblem } from './run-problem.ts'

export interface AroundRestart {
  readonly kind: 'drain' | 'undrain'
  readonly attempt: string
}

/** Takes a node out of a balancer, or puts it back: by a command there, or on the worker's machine. */
export async function aroundRestart(
  context: ActContext,
  node: PlannedNode,
  { kind, attempt }: AroundRestart,
  signal: AbortSignal,
): Promise<Outcome> {
  const { definition } = context.request
  const [hook, argv] = [definition[kind], node.hooks?.[kind]]
  if (hook === undefined || argv === undefined) return problem(`The deploy has no command to ${kind} ${node.name}.`)
  const environment = environmentOf(context.request, node)
  const what = `${kind === 'drain' ? 'Draining' : 'Undraining'} ${node.name} by ${argv[0]} on the ${hook.on}`
  if (hook.on === 'node') {
    const script = hookScript({ root: node.root, argv, environment })
    return outcomeOf(what, await context.run(node, { attempt, script, limitSeconds: hook.seconds }, signal))
  }
  const { service } = context.request
  const outcome = await context.commands.run(argv, { service, environment, limitSeconds: hook.seconds, signal })
  if (!signal.aborted) await context.keep(node, attempt, outcome)
  return outcomeOf(what, outcome)
}

/** What a deploy runs once: on the node alone, which remembers that it did. */
export async function prepare(
  context: ActContext,
  node: PlannedNode,
  { release = '' }: NodeProgress,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const hook = context.request.definition.once_per_deploy
  if (hook === undefined || node.hooks?.once === undefined) return problem('The deploy has no command to run once.')
  const { root, python, venv } = node
  const folder = venv === undefined ? `${root}/releases/${release}` : `${root}/.wheelhouse/runs/${effect.attempt}/once`
  const argv = node.hooks.once.map((word) => word.replaceAll('{release}', folder))
  const environment = environmentOf(context.request, node)
  const script =
    venv === undefined
      ? hookScript({ root, argv, environment, release: folder })
      : onceScript({ root, argv, variables: environment, python, release, environment: folder })
  const what = `What is run once per deploy (${argv.join(' ')})`
  return outcomeOf(
    what,
    await context.run(node, { attempt: effect.attempt, script, limitSeconds: hook.seconds }, signal),
  )
}

function outcomeOf(what: string, outcome: Parameters<typeof runProblem>[1]): Outcome {
  const failed = runProblem(what, outcome)
  return failed === undefined ? { ok: true } : problem(failed)
}

function environmentOf(request: DeployRequest, { name, address, root }: PlannedNode): Environment {
  const { service, project, version, deploy } = request
  return {
    WHEELHOUSE_SERVICE: service,
    WHEELHOUSE_PROJECT: project,
    WHEELHOUSE_VERSION: version,
    WHEELHOUSE_DEPLOY: deploy,
    WHEELHOUSE_NODE: name,
    WHEELHOUSE_ADDRESS: address,
    WHEELHOUSE_ROOT: root,
  }
}
