import type { Audit } from '../audit/audit.ts'
import { channelsDocument, type Pointer } from '../channels/model.ts'
import { promote } from '../channels/promote.ts'
import { keys } from '../objects/keys.ts'
import { contains, parseSpecifiers } from '../packaging/specifiers.ts'
import { compareVersions, parseVersion } from '../packaging/versions.ts'
import type { ListedFile } from '../registry/amendments.ts'
import type { Project, Projects } from '../registry/projects.ts'
import { type RequestPorts, requestDeploy } from './request-deploy.ts'
import { frozenAt } from './rollout/freezes.ts'
import type { ServiceDefinition, UploadSubscription } from './service-definition.ts'
import { newServiceState, type ServiceState, serviceDocument, stateFor, versionHad } from './service-state.ts'
import { channelOf } from './subscriptions.ts'

export interface UploadTriggerPorts extends RequestPorts {
  readonly projects: Projects
  readonly audit: Pick<Audit, 'record'>
}

/** What is known of the service that is to get it. */
export interface Known {
  /** Nothing up to this is deployed by itself. */
  readonly floor: string | undefined
  /** Each version is deployed by itself once, whatever became of it. */
  readonly seen: readonly string[]
}

export interface TriggeredRelease {
  readonly version: string
  /** Name of the token that uploaded its newest file. */
  readonly by: string
}

/**
 * Points the own channel of a service that follows uploads at the newest release that it takes, once nothing was added to
 * that for a while, and makes the deploy. All of it follows from what the store has: whoever looks next does what somebody
 * who died did not, and of two who look at once one moves the channel.
 */
export async function considerUploads(
  ports: UploadTriggerPorts,
  service: string,
  definition: ServiceDefinition,
): Promise<void> {
  const { upload } = definition.subscribe
  const project = upload && (await ports.projects.find(definition.project))
  if (upload === undefined || project === undefined) return
  if (frozenAt(definition.freezes, ports.clock.now()) !== undefined) return
  const stored = await ports.documents.read(serviceDocument, keys.service(service))
  const state = stateFor(stored?.value ?? newServiceState(), project.name)
  if (state.hold !== undefined || state.automaticHold !== undefined) return
  const channel = channelOf(service, definition)
  const channels = await ports.documents.read(channelsDocument, keys.channels(project.name))
  const history = channels?.value[channel] ?? []
  const release = releaseFor(upload, project, knownOf(state, history), ports.clock.now())
  if (release === undefined) return
  const after = history.at(-1)?.serial ?? 0
  const pointer = await move(ports, { project: project.name, channel, after, service, release })
  if (pointer !== undefined) await requestDeploy(ports, { service, definition, channel, pointer })
}

/**
 * The newest release that a subscription takes; pure. Yanked files are left out, and without a wheel nodes could not install
 * it. One that is not settled is waited for, so that of twenty that come within a minute one is deployed; but not for ever,
 * where another always comes.
 */
export function releaseFor(
  { versions = '', prereleases, settle_seconds: settle }: UploadSubscription,
  project: Pick<Project, 'head' | 'releases'>,
  { floor, seen }: Known,
  now: number,
): TriggeredRelease | undefined {
  if (project.head.status === 'quarantined') return undefined
  const wanted = parseSpecifiers(versions) ?? []
  let patience = settle
  for (const [version, files] of [...project.releases].reverse()) {
    if (!isHigher(version, floor)) return undefined
    if (seen.includes(version) || !contains(wanted, version, prereleases)) continue
    if (!files.some(isOffered)) continue
    if (isSettled(files, patience, now)) return { version, by: newestOf(files)?.uploadedBy ?? '' }
    patience = Math.max(patience, settle * 10)
  }
  return undefined
}

function knownOf(state: ServiceState, history: readonly Pointer[]): Known {
  const condemned = state.condemned ?? []
  return { floor: versionHad(state), seen: [...history, ...condemned].map(({ version }) => version) }
}

function isHigher(version: string, floor: string | undefined): boolean {
  const [own, other] = [parseVersion(version), parseVersion(floor ?? '')]
  return own !== undefined && (other === undefined || compareVersions(own, other) > 0)
}

function isOffered({ filetype, yanked }: ListedFile): boolean {
  return filetype === 'bdist_wheel' && yanked === undefined
}

/**
 * Of the release as a whole: a build machine that is slower than the others is waited for. What was uploaded hours from now
 * was uploaded while the clock was wrong, and not waited for until then.
 */
function isSettled(files: readonly ListedFile[], settle: number, now: number): boolean {
  const at = Date.parse(newestOf(files)?.uploadedAt ?? '')
  return at + settle * 1000 <= now || at - now > 3_600_000
}

function newestOf(files: readonly ListedFile[]): ListedFile | undefined {
  return [...files].sort((a, b) => Date.parse(a.uploadedAt) - Date.parse(b.uploadedAt)).at(-1)
}

interface Move {
  readonly service: string
  readonly project: string
  readonly channel: string
  readonly after: number
  readonly release: TriggeredRelease
}

/** `undefined` where the channel has moved on meanwhile: then it is looked at again. */
async function move(
  ports: UploadTriggerPorts,
  { service, project, channel, after, release: { version, by } }: Move,
): Promise<Pointer | undefined> {
  const request = { project, version, channel, by, reason: `uploaded by ${by}`, after }
  const { pointer, previous, changed } = await promote({ ...ports, channels: [channel] }, request)
  if (!changed) return undefined
  await ports.audit.record({
    action: 'promote',
    actor: { token: 'upload', name: by, from: 'this server' },
    project,
    version,
    subject: service,
    outcome: 'done',
    before: { channel, version: previous?.version ?? null },
    after: { channel, version, serial: pointer.serial },
  })
  return pointer
}
