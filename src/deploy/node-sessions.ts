import type { Clock } from '../clock.ts'
import { isDomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ActContext, Asked } from './acts/act-context.ts'
import { type RunOutcome, runDetached } from './detached-run.ts'
import type { DeployRequest, PlannedNode } from './documents.ts'
import { HostConnection } from './host-connection.ts'
import { lastLines } from './node/result-line.ts'
import type { RemoteHosts, RunResult } from './remote-host.ts'

/** Tokens with which the nodes of one deploy read the index. */
export interface DeployCredentials {
  issue(deploy: string, fence: number): Promise<{ readonly login: string; readonly password: string }>
  revoke(deploy: string): Promise<void>
}

export interface NodeSessionPorts {
  readonly documents: Documents
  readonly hosts: RemoteHosts
  readonly credentials: DeployCredentials
  readonly clock: Clock
  readonly externalUrl: string
  /** Names the store, see `store-id.ts`. */
  readonly storeId: string
}

export type NodeSessions = Pick<ActContext, 'ask' | 'run'> & AsyncDisposable

/** The connections of one deploy, one a node, and what is said over them. */
export function nodeSessions(ports: NodeSessionPorts, request: DeployRequest, fence: number): NodeSessions {
  const connections = new Map<string, HostConnection>()
  const { clock } = ports
  const patienceSeconds = request.definition.rollout.unreachable_seconds
  const secret = secretOf(ports, request, fence)

  function connectionTo(node: PlannedNode): HostConnection {
    const { name, address, port, user, key: keyPath, connectSeconds } = node
    const known = connections.get(name)
    const connection = known ?? new HostConnection(ports.hosts, { name, address, port, user, keyPath, connectSeconds })
    connections.set(name, connection)
    return connection
  }

  return {
    async ask(node, script, timeoutSeconds, signal) {
      const patience = { clock, until: clock.monotonic() + patienceSeconds * 1000, signal }
      return await askOver(connectionTo(node), script, timeoutSeconds, patience)
    },
    async run(node, { attempt, script, limitSeconds }, signal, { reads = false } = {}) {
      const given = reads ? { secret: await secret() } : {}
      const owner = `${ports.storeId}/${request.service}`
      const run = { root: node.root, attempt, owner, fence, script, limitSeconds }
      const outcome = await runDetached(connectionTo(node), run, { clock, patienceSeconds, signal, ...given })
      await keepOutput(ports, request, node, attempt, outcome)
      return outcome
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...connections.values()].map((connection) => connection[Symbol.asyncDispose]()))
    },
  }
}

interface Patience {
  readonly clock: Clock
  /** On the monotonic clock. */
  readonly until: number
  readonly signal: AbortSignal
}

async function askOver(
  connection: HostConnection,
  script: string,
  timeoutSeconds: number,
  { clock, until, signal }: Patience,
): Promise<Asked> {
  for (let attempt = 0; ; attempt++) {
    try {
      const host = await connection.open(signal)
      return answered(await host.run(script, { timeoutSeconds, signal }))
    } catch (error) {
      const lost = isDomainError(error, 'outcome-unknown') || isDomainError(error, 'host-unreachable')
      if (!lost || signal.aborted || clock.monotonic() > until) throw error
      await connection.drop()
      await clock.sleep(Math.min(5_000, 100 * 2 ** attempt), signal)
    }
  }
}

function answered({ code, stdout, stderr }: RunResult): Asked {
  if (code === 0) return { ok: true, output: stdout }
  return { ok: false, problem: lastLines(stderr) || lastLines(stdout) || `The node answered with exit status ${code}.` }
}

/** Made when the first node needs it, as a netrc file: pip finds it by NETRC, and nothing of it is in an argv. */
function secretOf(ports: NodeSessionPorts, request: DeployRequest, fence: number): () => Promise<string> {
  let made: Promise<string> | undefined
  return () => {
    made ??= ports.credentials.issue(request.deploy, fence).then(({ login, password }) => {
      return `machine ${new URL(ports.externalUrl).hostname} login ${login} password ${password}\n`
    })
    made.catch(() => {
      made = undefined
    })
    return made
  }
}

/** For people who want to read it whole; the deploy itself keeps a sentence. */
async function keepOutput(
  { documents }: NodeSessionPorts,
  { service, deploy }: DeployRequest,
  node: PlannedNode,
  attempt: string,
  outcome: RunOutcome,
): Promise<void> {
  const text = outcome.kind === 'refused' ? outcome.message : outcome.output
  const key = keys.deployOutput(service, deploy, node.name, attempt)
  await documents.store.write(key, Buffer.from(text), 'absent')
}
