import type { Clock } from '../../clock.ts'
import type { Documents } from '../../objects/documents.ts'
import type { Projects } from '../../registry/projects.ts'
import type { RunOutcome } from '../detached-run.ts'
import type { DeployRequest, PlannedNode } from '../documents.ts'
import type { Discovery } from '../fleet.ts'
import type { PythonLook } from '../node/python-server.ts'
import type { DetachedRun } from '../node/run-script.ts'
import type { Outcome } from '../rollout/model.ts'
import type { WorkerCommands } from '../worker-commands.ts'

/** What the parts that act for one deploy work with. */
export interface ActContext {
  readonly request: DeployRequest
  readonly documents: Documents
  readonly projects: Pick<Projects, 'find'>
  readonly discovery: Discovery
  readonly clock: Clock
  /** How nodes reach the index, without a slash at the end. */
  readonly externalUrl: string
  /** By name, from the plan. */
  node(name: string): Promise<PlannedNode>
  /** What only looks, a script of shell or of Python, as often as it takes to get an answer: its output, or why there is none. */
  ask(node: PlannedNode, look: string | PythonLook, timeoutSeconds: number, signal: AbortSignal): Promise<Asked>
  /** A script that changes something, run once. What it prints is kept. */
  run(
    node: PlannedNode,
    run: Pick<DetachedRun, 'attempt' | 'script' | 'limitSeconds'>,
    signal: AbortSignal,
    options?: RunSettings,
  ): Promise<RunOutcome>
  /** On this machine; what it printed is to be kept by whoever runs it. */
  readonly commands: WorkerCommands
  /** Keeps what a run printed, for people. */
  keep(node: PlannedNode, attempt: string, outcome: RunOutcome): Promise<void>
}

export interface RunSettings {
  /** Whether the run reads from the index, and so needs a token. */
  readonly reads?: boolean
  /** Whether what it prints is kept; it is when left out. */
  readonly kept?: boolean
}

export type Asked = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly problem: string }

export function problem(text: string): Outcome {
  return { ok: false, problem: text }
}
