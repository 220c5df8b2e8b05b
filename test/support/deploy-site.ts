import { join } from 'node:path'
import { askService, type Running } from './ask-service.ts'
import { described } from './described-answer.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { type Fleet, type FleetConfiguration, startFleet, writeConfiguration } from './fleet.ts'
import { freePort } from './free-port.ts'
import { type Gate, openGate } from './gate.ts'
import { post } from './index-clients.ts'
import { startRedis } from './redis.ts'
import type { NodeOptions } from './sshd.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTlsFront } from './tls-front.ts'
import { startVersitygw } from './versitygw.ts'
import { type RunningWheelhouse, type RunningWorker, startWheelhouse, startWorkerProcess } from './wheelhouse.ts'
import type { BuiltArchive } from './wheels.ts'

export interface SiteOptions extends Omit<FleetConfiguration, 'fleet'> {
  readonly nodes: readonly NodeOptions[]
  /** Whether the nodes are behind a jump host. */
  readonly jumps?: boolean
  /** The host of an external URL by https: a name that the processes of the product resolve and nobody else, so that no node gets there. */
  readonly hiddenName?: string
}

/** A whole installation with a fleet: the product in one of the ways to run it, and real nodes that it deploys to. */
export interface DeploySite extends AsyncDisposable {
  readonly fleet: Fleet
  readonly home: string
  readonly config: string
  /** The way from the nodes to the index. */
  readonly gate: Gate
  server(): RunningWheelhouse
  publish(archive: BuiltArchive, version: string): Promise<void>
  promote(version: string, query?: string): Promise<{ status: number; text: string }>
  get<T>(path: string): Promise<T>
  post<T>(path: string): Promise<T>
  text(path: string): Promise<string>
  /** What each node's service says of itself; `undefined` where it does not answer. */
  running(): Promise<readonly (Running | undefined)[]>
  /** Kills, without warning, whoever carries deploys now, and sees to it that somebody is there to go on. Says how many that were. */
  killCarrier(): Promise<number>
  /** The same by TERM: what they printed until they had gone. */
  stopCarrier(): Promise<string>
  /** The way to the store, where that is a server of its own. */
  readonly store?: FaultProxy
}

/** Who runs, and how one of them is replaced. */
interface Processes extends AsyncDisposable, Pick<DeploySite, 'store'> {
  server(): RunningWheelhouse
  killCarrier(): Promise<number>
  stopCarrier(): Promise<string>
}

type Way = (site: { home: string; port: number; environment: Record<string, string> }) => Promise<Processes>

export const ways: readonly (readonly [string, Way])[] = [
  ['embedded: one process on a folder', embedded],
  ['scaled: two servers and two workers on versitygw and Redis', scaled],
]

export async function startSite(way: Way, options: SiteOptions): Promise<DeploySite> {
  const home = await temporaryFolder('site')
  const port = await freePort()
  const gate = await openGate(port)
  const { hiddenName: hidden } = options
  const front =
    hidden === undefined ? undefined : await startTlsFront(home.path, hidden, Number(new URL(gate.url).port))
  const nodes = options.nodes.map((node) => ({ ...node, env: { ...front?.trusting, ...node.env } }))
  const fleet = await startFleet(home.path, nodes, options.jumps)
  const config = join(home.path, 'wheelhouse.yaml')
  await writeConfiguration(config, { ...options, fleet })
  const environment = {
    WHEELHOUSE_CONFIG: config,
    WHEELHOUSE_EXTERNAL_URL: front?.url ?? gate.url,
    ...(hidden === undefined ? {} : { NODE_OPTIONS: `--import=${resolving(hidden)}` }),
  }
  const processes = await way({ home: home.path, port, environment })
  const ask = (path: string, init: RequestInit = {}) => {
    const { url, token } = processes.server()
    return fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  }
  async function json<T>(method: 'GET' | 'POST', path: string): Promise<T> {
    const answer = await ask(path, { method, headers: { accept: 'application/json' } })
    const body = JSON.parse(await answer.text())
    if (answer.ok) described(method.toLowerCase(), path, body)
    return body
  }
  return {
    fleet,
    home: home.path,
    config,
    gate,
    ...processes,
    async publish(archive, version) {
      const answer = await post(processes.server(), archive, { name: 'app', version })
      if (answer.status !== 200) throw new Error(`not published: ${JSON.stringify(answer)}`)
    },
    async promote(version, query = '?wait=150') {
      const answer = await ask(`/promote/app/${version}${query}`, { method: 'POST' })
      return { status: answer.status, text: await answer.text() }
    },
    get: (path) => json('GET', path),
    post: (path) => json('POST', path),
    text: async (path) => await (await ask(path)).text(),
    running: () => Promise.all(fleet.members.map(({ service }) => askService(service.url))),
    [Symbol.asyncDispose]: async () => {
      await processes[Symbol.asyncDispose]()
      await front?.[Symbol.asyncDispose]()
      await gate[Symbol.asyncDispose]()
      await fleet[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

/** A module that has a process resolve one name more, to this machine. */
function resolving(name: string): string {
  const source =
    "import dns from 'node:dns'; import { syncBuiltinESMExports } from 'node:module'; const real = dns.lookup; " +
    `dns.lookup = (name, ...rest) => real(name === "${name}" ? "127.0.0.1" : name, ...rest); syncBuiltinESMExports()`
  return `data:text/javascript,${encodeURIComponent(source).replaceAll("'", '%27')}`
}

export async function embedded({ home, port, environment }: Parameters<Way>[0]): Promise<Processes> {
  let server = await startWheelhouse({ folder: home, port, environment })
  return {
    server: () => server,
    async killCarrier() {
      await server.kill()
      server = await startWheelhouse({ folder: home, port, environment })
      return 1
    },
    async stopCarrier() {
      const stopping = server
      await stopping.stop()
      const printed = stopping.output()
      server = await startWheelhouse({ folder: home, port, environment })
      return printed
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function scaled({ home, port, environment }: Parameters<Way>[0]): Promise<Processes> {
  const s3 = await startVersitygw()
  const store = await startFaultProxy(s3.endpoint)
  const redis = await startRedis()
  const shared = {
    ...environment,
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    REDIS_URL: redis.url,
    WHEELHOUSE_ADMIN_TOKEN: 'the-admin-token-of-the-tests-on-s3',
    WHEELHOUSE_SPOOL: join(home, 'spool'),
  }
  // Nodes read from the one, people and CI speak to the other.
  const servers = [
    await startWheelhouse({ folder: home, port, environment: shared }),
    await startWheelhouse({ folder: home, environment: { ...shared, WHEELHOUSE_SPOOL: join(home, 'spool-2') } }),
  ] as const
  let workers: readonly RunningWorker[] = [
    await startWorkerProcess(home, shared),
    await startWorkerProcess(home, shared),
  ]
  return {
    store,
    server: () => servers[1],
    async killCarrier() {
      const carriers = workers.filter((worker) => carries(worker.output()))
      await Promise.all(carriers.map((worker) => worker.kill()))
      const replaced = await Promise.all(carriers.map(() => startWorkerProcess(home, shared)))
      workers = [...workers.filter((worker) => !carriers.includes(worker)), ...replaced]
      return carriers.length
    },
    async stopCarrier() {
      const carriers = workers.filter((worker) => carries(worker.output()))
      await Promise.all(carriers.map((worker) => worker.stop()))
      const replaced = await Promise.all(carriers.map(() => startWorkerProcess(home, shared)))
      workers = [...workers.filter((worker) => !carriers.includes(worker)), ...replaced]
      return carriers.map((worker) => worker.output()).join('')
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of [...workers, ...servers, redis, store, s3]) await one[Symbol.asyncDispose]()
    },
  }
}

/** Its log begins more deploys than it ends. */
function carries(log: string): boolean {
  const count = (pattern: RegExp) => log.match(pattern)?.length ?? 0
  return count(/"Carrying /g) > count(/"phase":|Let go of/g)
}
