import { isRepair } from '../convergence/repair-decision.ts'
import { type Lock, type LockedFile, lockDocument, type PlannedNode } from '../documents.ts'
import { indexUrls, isLockedFor, lockDigest, lockedFor, lockKeyOf, relative } from '../lock.ts'
import { type ReportedFiles, resolvedFiles, resolveScript } from '../node/resolve.ts'
import type { DetachedRun } from '../node/run-script.ts'
import type { Effect, Outcome } from '../rollout/model.ts'
import { type ActContext, problem } from './act-context.ts'
import { runProblem } from './run-problem.ts'

/** The lock for one class of node: the one there is, or a new one, resolved on a node of the class and kept for ever. */
export async function resolve(
  context: ActContext,
  node: PlannedNode,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { request, documents } = context
  const nodeClass = effect.nodeClass ?? ''
  const key = lockKeyOf(request, nodeClass)
  const known = await documents.read(lockDocument, key)
  if (known !== undefined) return checked(context, known.value)
  if (isRepair(request.deploy) && request.definition.approvals !== undefined) {
    const what = `Nobody approved what ${request.project} ${request.version} needs on nodes of the class of ${node.name}`
    return problem(
      `${what}, and a repair installs what was approved alone. Relock the service, which asks for approval.`,
    )
  }
  const limitSeconds = request.definition.rollout.install_seconds
  const found = await resolvedOn(context, node, { attempt: effect.attempt, limitSeconds }, signal)
  if (!found.ok) return problem(found.problem)
  const { files } = found
  const at = new Date(context.clock.now()).toISOString()
  const { project, version } = request
  const digest = lockDigest(files)
  const lock: Lock = { project, version, nodeClass, ...lockedFor(request), digest, files, node: node.name, at }
  // Create-only: where somebody else was quicker, theirs is the lock.
  return checked(context, (await documents.create(lockDocument, key, lock)).value)
}

export type Resolved =
  | { readonly ok: true; readonly files: LockedFile[] }
  | { readonly ok: false; readonly problem: string }

/** What pip takes on that node now, if all of it may be installed there; nothing is pinned. */
export async function resolvedOn(
  context: Pick<ActContext, 'request' | 'externalUrl' | 'projects' | 'run'>,
  node: PlannedNode,
  run: Pick<DetachedRun, 'attempt' | 'limitSeconds'>,
  signal: AbortSignal,
): Promise<Resolved> {
  const { request, externalUrl } = context
  const script = resolveScript(wanted(context, node))
  const outcome = await context.run(node, { ...run, script }, signal, { reads: true })
  const failed = runProblem(`Resolving the dependencies of ${request.project} ${request.version}`, outcome)
  if (failed !== undefined) return { ok: false, problem: failed }
  const report = outcome.kind === 'exited' ? resolvedFiles(outcome.output) : undefined
  if (report === undefined) return { ok: false, problem: 'pip resolved, but its report cannot be read.' }
  const refused = await refusal(context, report)
  if (refused !== undefined) return { ok: false, problem: refused }
  const files = ordered(request.project, report).map((file) => ({ ...file, url: relative(file.url, externalUrl) }))
  return { ok: true, files }
}

function wanted({ request, externalUrl }: Pick<ActContext, 'request' | 'externalUrl'>, node: PlannedNode) {
  const { project, definition, files } = request
  return {
    python: node.python,
    root: node.root,
    project,
    extras: definition.extras,
    wheels: files
      .filter(({ filename }) => filename.endsWith('.whl'))
      .map(({ filename, sha256 }) => ({
        filename,
        sha256,
        url: `${externalUrl}/files/${project}/${sha256}/${encodeURIComponent(filename)}`,
      })),
    indexes: indexUrls(request, externalUrl),
  }
}

/** The release itself first, then by name. */
function ordered(project: string, files: ReportedFiles): LockedFile[] {
  const own = (file: LockedFile) => (file.project === project ? 0 : 1)
  return [...files].sort((a, b) => own(a) - own(b) || (a.project < b.project ? -1 : 1))
}

/** A name that we host, taken from elsewhere, is dependency confusion; a file without a hash cannot be pinned. */
async function refusal(
  { projects, externalUrl, request }: Pick<ActContext, 'projects' | 'externalUrl' | 'request'>,
  files: ReportedFiles,
): Promise<string | undefined> {
  for (const file of files) {
    if (!/^[0-9a-f]{64}$/.test(file.sha256)) {
      return `The index that has ${file.project} ${file.version} gives no SHA-256 for ${file.url}: it cannot be pinned.`
    }
    if (file.url.startsWith(`${externalUrl}/`)) continue
    if ((await projects.find(file.project)) !== undefined) {
      return (
        `${file.project} is hosted here, but pip would take ${file.version} from ${file.url}: whoever owns the name there ` +
        `would run code on your nodes. Pin a version of ours in ${request.project}, or give the project another name.`
      )
    }
  }
  return undefined
}

/** A lock may be older than this promotion: its wheel must be one that was promoted. */
function checked({ request }: ActContext, lock: Lock): Outcome {
  const { project, version } = request
  if (!isLockedFor(lock, request)) {
    const made = `[${lock.extras?.join(', ') ?? ''}] from ${lock.indexes?.join(', ') ?? 'self'}`
    return problem(`The lock of ${project} ${version} was made for the extras ${made}, not for those of this service.`)
  }
  const own = lock.files.find((file) => file.project === request.project)
  if (own !== undefined && request.files.some(({ sha256 }) => sha256 === own.sha256)) {
    return { ok: true, found: { kind: 'resolve', lock: lock.digest } }
  }
  return problem(
    `The lock of ${project} ${version} names ${own?.url ?? 'no wheel of it'}, which is not among the promoted files: it was yanked ` +
      'or deleted since, and a lock never changes. Un-yank or restore the file and promote again, or publish a new version.',
  )
}
