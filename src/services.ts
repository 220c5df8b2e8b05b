import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { type Audit, auditIn } from './audit/audit.ts'
import { type ChannelPages, channelPagesOf } from './channels/channel-pages.ts'
import { neededFilesIn } from './channels/needed-files.ts'
import type { PromotionRequest } from './channels/promote.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import { startConverging } from './deploy/convergence/converge.ts'
import { nodeCounts } from './deploy/convergence/node-counts.ts'
import { crewFor } from './deploy/crew.ts'
import { dryRun, type PromotionPlan } from './deploy/dry-run.ts'
import type { Discovery } from './deploy/fleet.ts'
import { knownHostsIn } from './deploy/known-hosts-record.ts'
import { leasesIn } from './deploy/lease.ts'
import { type LiveDefinitions, liveDefinitions } from './deploy/live-definitions.ts'
import { scanWhenNeeded, sshWhenNeeded } from './deploy/ssh/loaded-when-needed.ts'
import { storeIdIn } from './deploy/store-id.ts'
import type { TrustPorts } from './deploy/trust-hosts.ts'
import { type DeployWorker, startWorker } from './deploy/worker.ts'
import { spawnedCommands } from './deploy/worker-commands.ts'
import { fleets } from './discovery/fleets.ts'
import { Disposals } from './disposal.ts'
import { messageOf } from './errors.ts'
import { ensureAdminToken } from './identity/admin-token.ts'
import { type Authenticator, authenticator } from './identity/authenticate.ts'
import { deployCredentials } from './identity/deploy-credentials.ts'
import type { Token } from './identity/token.ts'
import { type Tokens, tokensIn } from './identity/tokens.ts'
import type { Log } from './log.ts'
import { byReceiver } from './notify/by-receiver.ts'
import { deployNotice } from './notify/deploy-notice.ts'
import { logNotices } from './notify/log-notices.ts'
import { startOutbox } from './notify/outbox.ts'
import { webhooks } from './notify/webhook.ts'
import { type Documents, documentsOn } from './objects/documents.ts'
import { freshDocuments } from './objects/fresh-documents.ts'
import { keys } from './objects/keys.ts'
import type { ObjectStore } from './objects/object-store.ts'
import { type SmallObjects, smallObjectsIn } from './objects/small-objects.ts'
import { measuredStore } from './observe/measured-store.ts'
import { type Metrics, openMetrics } from './observe/metrics.ts'
import type { Dependency } from './observe/readiness.ts'
import type { DeployQueue } from './queue/deploy-queue.ts'
import type { EventBus } from './queue/event-bus.ts'
import { inProcessBus } from './queue/in-process-bus.ts'
import { inProcessQueue } from './queue/in-process-queue.ts'
import { type Amender, amenderOn } from './registry/amender.ts'
import { type Catalog, catalogIn } from './registry/catalog.ts'
import { type Committer, committerOn } from './registry/committer.ts'
import { FinishedPages } from './registry/finished-pages.ts'
import { type LegacyPages, legacyPagesOf } from './registry/legacy-pages.ts'
import { type Pages, pagesOf } from './registry/pages.ts'
import { type Projects, projectsIn } from './registry/projects.ts'
import { segmentsIn } from './registry/segments.ts'
import { openSpool } from './registry/staging/spool.ts'
import { openStaging, type Staging } from './registry/staging/staging.ts'
import { openStore } from './store.ts'
import { startSweeper } from './upkeep/sweeper.ts'

const mebibyte = 1024 * 1024

/** Compiled entries, which is why only the outermost module knows where they are. */
export interface ServerThreads {
  /** `registry/staging/thread.ts` */
  readonly staging: URL
  /** `objects/disk-writing/thread.ts` */
  readonly diskWriting: URL
}

/** What every role works with, wired once from a configuration. */
export interface Core extends AsyncDisposable {
  readonly config: Config
  /** In place of those of the configuration, which are the first ones. */
  readonly definitions: LiveDefinitions
  /** What was wrong with the configuration when it was read last; empty where that was taken up. */
  readonly configuration: { mistakes: readonly string[] }
  readonly clock: Clock
  readonly store: ObjectStore
  readonly documents: Documents
  readonly tokens: Tokens
  readonly audit: Audit
  readonly metrics: Metrics
  readonly dependencies: readonly Dependency[]
  readonly catalog: Catalog
  readonly small: SmallObjects
  readonly projects: Projects
  readonly committer: Committer
  readonly amender: Amender
  readonly pages: Pages
  readonly channelPages: ChannelPages
  readonly legacyPages: LegacyPages
  readonly queue: DeployQueue
  readonly bus: EventBus
  /** It leaves at the signal, or when it is disposed of, whichever comes first. */
  startWorker(leave?: AbortSignal): Promise<DeployWorker>
}

type Report = (error: unknown) => void

type WiredCore = Omit<Core, 'startWorker' | typeof Symbol.asyncDispose>

/** What a server has besides. */
export interface Services extends Core {
  readonly authenticator: Authenticator
  readonly staging: Staging
  dryRun(request: PromotionRequest, signal: AbortSignal): Promise<PromotionPlan>
  /** Where the first admin token was written, if this store has one in a file. */
  readonly adminTokenFile: string | undefined
}

/** `writing`: see `openStore`. */
export async function openCore(config: Config, log: Log, writing?: URL): Promise<Core> {
  await using disposals = new Disposals()
  const clock = systemClock
  const report = (error: unknown) => log.error(messageOf(error))
  const metrics = openMetrics()
  const store = measuredStore(disposals.use(await openStore(config, 'own', writing)).store, clock, metrics)
  const documents = documentsOn(store)
  const audit = auditIn(documents, clock, log)
  disposals.defer(() => audit.settled())
  const { queue, bus } = await messagingOf(config, report, disposals)
  const registry = registryOn(config, documents, clock, metrics)
  const dependencies = [
    { name: 'store', required: true, check: () => store.head(keys.probe('ready')) },
    ...(config.redisUrl === undefined ? [] : [{ name: 'redis', required: false, check: () => bus.ping() }]),
  ]
  const tokens = tokensIn(documents, clock)
  const observed = { audit, metrics, dependencies }
  const configured = { config, definitions: liveDefinitions(config.services), configuration: { mistakes: [] } }
  const core = { ...configured, clock, store, documents, tokens, ...observed, ...registry, queue, bus }
  const owned = disposals.move()
  return {
    ...core,
    startWorker: (leave) => workerOn(core, log, report, leave),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** The composition root of a server. At the signal its worker begins nothing more, while requests go on. */
export async function openServices(
  config: Config,
  threads: ServerThreads,
  log: Log,
  leave?: AbortSignal,
): Promise<Services> {
  await using disposals = new Disposals()
  const core = disposals.use(await openCore(config, log, threads.diskWriting))
  const adminTokenFile = await firstToken(config, core.tokens)
  const spool = disposals.use(await openSpool(config.spool, core.clock.now()))
  const staging = disposals.use(openStaging(spool.folder, threads.staging, 2))
  disposals.use(sweeperOn(core, log))
  core.metrics.nodes(() => nodeCounts(core.documents, core.definitions.services))
  if (config.worker.inServer) disposals.use(await core.startWorker(leave))
  const owned = disposals.move()
  const report = (error: unknown) => log.error(messageOf(error))
  return {
    ...core,
    authenticator: identityOn(config, core, report),
    dryRun: dryRunOn(core, report),
    staging,
    adminTokenFile,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** For the command that records host keys, beside a server or without one. */
export async function openTrust(
  config: Config,
): Promise<TrustPorts & { readonly discovery: Discovery } & AsyncDisposable> {
  const opened = await openStore(config, 'share')
  const documents = documentsOn(opened.store)
  const knownHosts = knownHostsIn(documents, config.knownHosts)
  return {
    documents,
    knownHosts,
    scan: scanWhenNeeded(knownHosts, config.sshAgent),
    discovery: fleets(config.commandEnvironment),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

async function messagingOf(config: Config, report: Report, disposals: Disposals) {
  const { queue, bus } = await openMessaging(config.redisUrl?.reveal(), report)
  disposals.defer(() => bus.close())
  disposals.defer(() => queue.close())
  return { queue, bus }
}

/** What speaks to Redis is loaded where there is one: it takes 25 MB. */
async function openMessaging(redis: string | undefined, report: Report) {
  if (redis === undefined) return { queue: inProcessQueue(report), bus: inProcessBus(report) }
  const [{ bullmqQueue }, { redisBus }] = await Promise.all([
    import('./queue/bullmq-queue.ts'),
    import('./queue/redis-bus.ts'),
  ])
  return { queue: bullmqQueue(redis, report), bus: redisBus(redis, report) }
}

async function workerOn(core: WiredCore, log: Log, report: Report, leave?: AbortSignal): Promise<DeployWorker> {
  const { config, documents, clock } = core
  const acting = actingOn(core, report, await storeIdIn(documents))
  const { leaseSeconds: termSeconds, ...settings } = config.worker
  const holder = randomUUID()
  await using disposals = new Disposals()
  const outbox = disposals.use(startOutbox({ ...core, report, ...receiversOn(config, log) }))
  const worker = disposals.use(
    await startWorker(
      {
        ...core,
        log,
        report,
        services: core.definitions.services,
        leases: leasesIn(documents, clock, { holder, termSeconds }),
        crew: (request, fence) => crewFor(acting, request, fence),
        async news(rollout) {
          const notice = deployNotice(rollout, config.server.externalUrl, clock.now())
          if (notice !== undefined) await outbox.put(notice)
        },
      },
      settings,
      leave,
    ),
  )
  disposals.use(startConverging({ ...acting, holder, log, services: core.definitions.services }, settings.lookSeconds))
  const owned = disposals.move()
  return { work: worker.work, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

function receiversOn({ receivers }: Config, log: Log) {
  const webhook = webhooks(receivers.filter((receiver) => 'url' in receiver))
  return { receivers, notifier: byReceiver(receivers, { webhook, log: logNotices(log) }) }
}

/** What reaches the nodes. */
function actingOn(core: WiredCore, report: Report, storeId: string) {
  const { config, documents, clock, store, tokens } = core
  return {
    ...core,
    report,
    hosts: sshWhenNeeded(knownHostsIn(documents, config.knownHosts), config.sshAgent),
    discovery: fleets(config.commandEnvironment),
    commands: spawnedCommands(config.commandEnvironment),
    credentials: deployCredentials(store, tokens, clock),
    externalUrl: config.server.externalUrl,
    storeId,
  }
}

/** Runs nothing on the nodes but what looks: no folder of theirs needs the store's name. */
function dryRunOn(core: WiredCore, report: Report): Services['dryRun'] {
  const { channels, channelOrder } = core.config
  const { services } = core.definitions
  const sessions = actingOn(core, report, '')
  const ports = { ...sessions, services, channels, channelOrder, sessions }
  return (request, signal) => dryRun(ports, request, signal)
}

async function firstToken(config: Config, tokens: Tokens): Promise<string | undefined> {
  if (config.store.kind !== 'disk' || config.access.adminToken !== undefined) return undefined
  await mkdir(config.store.folder, { recursive: true })
  return await ensureAdminToken(config.store.folder, tokens)
}

function sweeperOn({ config, documents, clock }: Core, log: Log): AsyncDisposable {
  const { every, ...settings } = config.sweep
  const segments = segmentsIn(documents, 8 * mebibyte)
  const { retention } = config
  const ports = { documents, segments, clock, log, every, settings, retention, neededBy: neededFilesIn(documents) }
  return startSweeper({ ...ports, holder: randomUUID(), startedAt: clock.now() })
}

/** Where others may revoke a token, what was read of it is believed for two seconds, well within the promised five. */
function identityOn(config: Config, { documents, clock, tokens }: Core, report: Report): Authenticator {
  const maxAge = documents.store.exclusive ? 0 : 2_000
  const fresh = freshDocuments(documents, clock, { maxBytes: 8 * mebibyte, maxAge })
  const used = (token: Token) => void tokens.used(token.id).catch(report)
  return authenticator(fresh, clock, used, config.access.adminToken?.reveal())
}

function registryOn(config: Config, documents: Documents, clock: Clock, metrics: Metrics) {
  const pagesIn = (mebibytes: number) => new FinishedPages(mebibytes * mebibyte, metrics.pageCache)
  const { externalUrl } = config.server
  const fresh = freshDocuments(documents, clock, { maxBytes: 64 * mebibyte, maxAge: config.freshness })
  const segments = segmentsIn(documents, 64 * mebibyte)
  const catalog = catalogIn(documents)
  const projects = projectsIn(fresh, segments)
  return {
    catalog,
    small: smallObjectsIn(documents.store, 64 * mebibyte),
    projects,
    committer: committerOn(documents, fresh, catalog, segments),
    amender: amenderOn({ documents, segments, clock, neededBy: neededFilesIn(documents) }),
    pages: pagesOf(projects, catalog, externalUrl, pagesIn(128)),
    channelPages: channelPagesOf(projects, fresh, externalUrl, pagesIn(64)),
    legacyPages: legacyPagesOf({ projects, store: documents.store, externalUrl }, pagesIn(32)),
  }
}
