import { keys } from '../../objects/keys.ts'
import { type Lock, lockDocument, type PlannedNode } from '../documents.ts'
import { indexUrls, lockKeyOf, requirementsOf } from '../lock.ts'
import { downloadScript } from '../node/in-place/download.ts'
import { type Staging, stageScript } from '../node/stage.ts'
import type { Effect, NodeProgress, Outcome } from '../rollout/model.ts'
import { serviceDocument } from '../service-state.ts'
import { type ActContext, problem } from './act-context.ts'
import { runProblem } from './run-problem.ts'

/** Puts the release beside what runs, and touches nothing of it. */
export async function stage(
  context: ActContext,
  node: PlannedNode,
  progress: NodeProgress,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { request, documents, externalUrl } = context
  const { project, version } = request
  const lock = (await documents.read(lockDocument, lockKeyOf(request, progress.nodeClass ?? '')))?.value
  if (lock === undefined || progress.release === undefined) return problem('The lock of this node is gone.')
  const staging: Staging = {
    python: node.python,
    root: node.root,
    release: progress.release,
    requirements: requirementsOf(lock, externalUrl),
    manifest: { project, version, lock: lock.digest },
    installer: request.definition.installer,
    indexes: indexUrls(request, externalUrl),
    keepReleases: request.definition.rollout.keep_releases,
    stable: (await documents.read(serviceDocument, keys.service(request.service)))?.value.stable?.version,
    before: progress.before?.release,
  }
  const script = node.venv === undefined ? stageScript(staging) : inPlace(staging, node.venv, lock)
  const limitSeconds = request.definition.rollout.install_seconds
  const outcome = await context.run(node, { attempt: effect.attempt, script, limitSeconds }, signal, { reads: true })
  const failed = runProblem(`Installing ${project} ${version}`, outcome)
  return failed === undefined ? { ok: true } : problem(failed)
}

function inPlace({ manifest, ...staging }: Staging, venv: string, { files }: Lock): string {
  const wheels = files.map(({ project, version, sha256 }) => ({ project, version, sha256 }))
  return downloadScript({ ...staging, manifest: { ...manifest, layout: 'in-place' }, venv, wheels })
}
