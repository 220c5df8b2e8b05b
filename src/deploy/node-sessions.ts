import type { Clock } from '../clock.ts'
import { isDomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ActContext, Asked } from './acts/act-context.ts'
import { type FollowOptions, type RunOutcome, runDetached } from './detached-run.ts'
import type { DeployRequest, PlannedNode } from './documents.ts'
import { HostConnection } from './host-connection.ts'
import { indexUrls } from './lock.ts'
import type { PythonLook } from './node/python-server.ts'
import { answered } from './python-session.ts'
import type { RemoteHosts } from './remote-host.ts'
import { type Credential, masked } from './secret-mask.ts'
import { type Patience, throughCuts } from './time-away.ts'
import { reachable } from './tunnel/reachable.ts'
import { RunTunnel } from './tunnel/run-tunnel.ts'

/** Tokens with which the nodes of one deploy read the index. */
export interface DeployCredentials {
  issue(deploy: string, fence: number): Promise<Credential>
  revoke(deploy: string): Promise<void>
}

export interface NodeSessionPorts {
  readonly documents: Documents
  readonly hosts: RemoteHosts
  readonly credentials: DeployCredentials
  readonly clock: Clock
  readonly externalUrl: string
  readonly report: (error: unknown) => void
  /** Names the store, see `store-id.ts`. */
  readonly storeId: string
}

export interface NodeSessions extends Pick<ActContext, 'ask' | 'run' | 'keep'>, AsyncDisposable {
  /** Why the worker can open no way to the indexes there, as a sentence; `undefined` where it can. */
  forwardingProblem(node: PlannedNode, signal: AbortSignal): Promise<string | undefined>
}

/** The connections of one deploy, one a node, and what is said over them. */
export function nodeSessions(ports: NodeSessionPorts, request: DeployRequest, fence: number): NodeSessions {
  const connections = new Map<string, HostConnection>()
  const { clock } = ports
  const patienceSeconds = request.definition.rollout.unreachable_seconds
  const secret = secretOf(ports, request, fence)

  function connectionTo(node: PlannedNode): HostConnection {
    const { name, address, port, user, key: keyPath, agent, connectSeconds, jump } = node
    const known = connections.get(name)
    const fleet = request.service
    const connection =
      known ??
      new HostConnection(ports.hosts, { name, address, port, user, keyPath, agent, connectSeconds, jump, fleet })
    connections.set(name, connection)
    return connection
  }

  return {
    async ask(node, look, timeoutSeconds, signal) {
      return await askOver(connectionTo(node), look, timeoutSeconds, { clock, patienceSeconds, signal })
    },
    async run(node, { attempt, script, limitSeconds }, signal, { reads = false, kept = true } = {}) {
      const given = reads ? await secret() : {}
      const owner = `${ports.storeId}/${request.service}`
      const run = { root: node.root, attempt, owner, fence, script, limitSeconds }
      await using tunnel = reads ? tunnelFor(ports, request, node, attempt) : undefined
      const way = tunnel === undefined ? {} : { tunnel }
      const ended = await runDetached(connectionTo(node), run, { clock, patienceSeconds, signal, ...given, ...way })
      const outcome = tunnel?.told(ended) ?? ended
      if (kept) await keepOutput(ports, request, node, attempt, outcome)
      return outcome
    },
    forwardingProblem: (node, signal) => forwardingProblem(connectionTo(node), signal),
    keep: (node, attempt, outcome) => keepOutput(ports, request, node, attempt, outcome),
    async [Symbol.asyncDispose]() {
      await Promise.all([...connections.values()].map((connection) => connection[Symbol.asyncDispose]()))
    },
  }
}

/** `undefined` where the nodes of the service reach the indexes by themselves. */
function tunnelFor(
  { clock, externalUrl, report }: NodeSessionPorts,
  request: DeployRequest,
  { name, python, root }: PlannedNode,
  attempt: string,
): RunTunnel | undefined {
  const { index_access: access, index_hosts: hosts } = request.definition
  if (access === 'direct') return undefined
  const allowed = reachable(indexUrls(request, externalUrl), hosts)
  const refused = (why: string) => report(new Error(`An installer on ${name} (${attempt}) was refused: ${why}`))
  return new RunTunnel({ clock, name, run: { python, root, attempt }, allowed, refused })
}

async function forwardingProblem(connection: HostConnection, signal: AbortSignal): Promise<string | undefined> {
  const host = await connection.open(signal)
  try {
    await using _port = await host.listen(0, (stream) => void stream.destroy())
    return undefined
  } catch (error) {
    if (isDomainError(error, 'forwarding-refused')) return error.message
    throw error
  }
}

async function askOver(
  connection: HostConnection,
  look: string | PythonLook,
  timeoutSeconds: number,
  { signal, ...patience }: Patience & { readonly signal: AbortSignal },
): Promise<Asked> {
  return await throughCuts(connection, { ...patience, signal, longestSeconds: timeoutSeconds }, async (host) => {
    if (typeof look === 'string') return answered(await host.run(look, { timeoutSeconds, signal }))
    return await connection.pythonOn(host, look.python).ask(look, timeoutSeconds, signal)
  })
}

type RunSecret = Required<Pick<FollowOptions, 'secret' | 'hidden'>>

/** Made when the first node needs it, as a netrc file: pip finds it by NETRC, and nothing of it is in an argv. */
function secretOf(ports: NodeSessionPorts, request: DeployRequest, fence: number): () => Promise<RunSecret> {
  let made: Promise<RunSecret> | undefined
  return () => {
    made ??= ports.credentials.issue(request.deploy, fence).then((credential) => {
      const { login, password } = credential
      const secret = `machine ${new URL(ports.externalUrl).hostname} login ${login} password ${password}\n`
      return { secret, hidden: [credential] }
    })
    made.catch(() => {
      made = undefined
    })
    return made
  }
}

/**
 * For people who want to read it whole; the deploy itself keeps a sentence, and goes on where this cannot be kept. A store
 * that is away is waited for, as for everything else.
 */
async function keepOutput(
  { documents, report }: NodeSessionPorts,
  { service, deploy }: DeployRequest,
  node: PlannedNode,
  attempt: string,
  outcome: RunOutcome,
): Promise<void> {
  const text = masked(outcome.kind === 'refused' ? outcome.message : outcome.output)
  const key = keys.deployOutput(service, deploy, node.name, attempt)
  try {
    await documents.store.write(key, Buffer.from(text), 'absent')
  } catch (error) {
    if (isDomainError(error, 'storage-unavailable')) throw error
    report(error)
  }
}
