import { randomBytes } from 'node:crypto'
import { messageOf } from '../errors.ts'
import type { ActContext } from './acts/act-context.ts'
import { type Resolved, resolvedOn } from './acts/resolve.ts'
import type { PlannedNode } from './documents.ts'
import { killScript } from './node/kill.ts'
import { quote } from './node/shell.ts'
import type { NodeSessions } from './node-sessions.ts'

/** A node that no lock of the release was made for. */
export interface Unpinned {
  readonly node: PlannedNode
  readonly nodeClass: string
}

export interface WouldPin extends Pick<ActContext, 'projects' | 'request' | 'externalUrl'> {
  readonly sessions: Pick<NodeSessions, 'run' | 'ask'>
}

/** Seconds. pip may have to download what has large wheels, and somebody waits. */
const resolveSeconds = 30
const removeSeconds = 20

/** By class of node: what pip would take there now, asked on the first node of each. Nothing is pinned. */
export async function wouldPin(
  context: WouldPin,
  unpinned: readonly Unpinned[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Resolved>> {
  const firsts = new Map(unpinned.toReversed().map(({ nodeClass, node }) => [nodeClass, node]))
  const asked = [...firsts].map(
    async ([nodeClass, node]) => [nodeClass, await resolvedBeside(context, node, signal)] as const,
  )
  return new Map(await Promise.all(asked))
}

/** As its deploy would, but in a folder that is removed again: whoever plans may not yet own the service's. */
async function resolvedBeside(
  { sessions, ...context }: WouldPin,
  node: PlannedNode,
  signal: AbortSignal,
): Promise<Resolved> {
  const root = `/tmp/wheelhouse-plan-${randomBytes(12).toString('hex')}`
  const run: ActContext['run'] = (at, what, aborted) => sessions.run(at, what, aborted, { reads: true, kept: false })
  try {
    return await resolvedOn(
      { ...context, run },
      { ...node, root },
      { attempt: 'plan', limitSeconds: resolveSeconds },
      signal,
    )
  } catch (error) {
    return { ok: false, problem: messageOf(error) }
  } finally {
    const late = AbortSignal.timeout(removeSeconds * 1000)
    // What still writes there when somebody left midway would leave it behind.
    const remove = `${killScript({ python: node.python, root, attempt: 'plan' })}; rm -rf ${quote(root)}`
    await sessions.ask(node, remove, removeSeconds, late).catch(() => undefined)
  }
}
