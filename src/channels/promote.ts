import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { yankText } from '../registry/amendments.ts'
import type { Project, Projects } from '../registry/projects.ts'
import { releaseNamed } from '../registry/releases.ts'
import { type Channels, channelsDocument, currentOf, type Pointer } from './model.ts'

export interface PromotionRequest {
  readonly project: string
  readonly version: string
  readonly channel: string
  readonly by: string
  readonly reason?: string
  /**
   * Serial of a promotion of this very release whose deploy failed: while the channel stands there, the release is appended
   * once more. Of several who try again at once one does.
   */
  readonly again?: number
}

export interface Promotion {
  readonly pointer: Pointer
  readonly previous?: Pointer
  /** False where the channel pointed at this release already, and was left as it is. */
  readonly changed: boolean
}

export interface PromotePorts {
  readonly documents: Documents
  readonly projects: Projects
  readonly clock: Clock
  readonly channels: readonly string[]
}

/** Points a channel at a release, by one compare-and-swap that appends to its history. Promoting an older one rolls back. */
export async function promote(ports: PromotePorts, request: PromotionRequest): Promise<Promotion> {
  requireChannel(ports.channels, request.channel)
  const project = await ports.projects.get(request.project)
  const release = findRelease(project, request.version)
  const attempt = randomUUID()
  const written = await ports.documents.update(channelsDocument, keys.channels(project.name), (current = {}) => {
    const history = current[request.channel] ?? []
    const last = history.at(-1)
    const isThere = last !== undefined && last.serial !== request.again && isSame(last, release)
    if (last?.attempt === attempt || isThere) return undefined
    const at = new Date(ports.clock.now()).toISOString()
    const pointer: Pointer = {
      serial: (last?.serial ?? 0) + 1,
      ...release,
      at,
      by: request.by,
      reason: request.reason,
      attempt,
    }
    return { ...current, [request.channel]: [...history, pointer] }
  })
  return promotionIn(written?.value ?? {}, request.channel, attempt)
}

function promotionIn(channels: Channels, channel: string, attempt: string): Promotion {
  const pointer = currentOf(channels, channel)
  if (pointer === undefined) throw new DomainError('conflict', 'The channel changed while it was promoted. Try again.')
  const previous = channels[channel]?.at(-2)
  return { pointer, changed: pointer.attempt === attempt, ...(previous === undefined ? {} : { previous }) }
}

export function requireChannel(channels: readonly string[], channel: string): void {
  if (channels.includes(channel)) return
  const text = `There is no channel "${channel}". Configured are: ${channels.join(', ')} (channels: in wheelhouse.yaml).`
  throw new DomainError('not-found', text, { channel })
}

/** What there is to promote: a yanked file is not, and nothing of a quarantined project. */
function findRelease(project: Project, text: string): Pick<Pointer, 'version' | 'files'> {
  refuseQuarantined(project)
  const { version, files } = releaseNamed(project, text)
  const wanted = files.filter((file) => file.yanked === undefined)
  const yanked = files.find((file) => file.yanked !== undefined)?.yanked
  if (wanted.length === 0 && yanked !== undefined) {
    throw new DomainError(
      'promotion-refused',
      `${project.name} ${version} was yanked by "${yanked.by}" on ${yanked.at.slice(0, 10)} (${yankText(yanked)}), and is not promoted. ` +
        `Promote another release, or un-yank it first: POST /projects/${project.name}/${version}/unyank.`,
      { project: project.name, version },
    )
  }
  return { version, files: wanted.map(({ filename, sha256 }) => ({ filename, sha256 })) }
}

function refuseQuarantined({ name, head: { status, statusMark } }: Project): void {
  if (status !== 'quarantined') return
  const why = statusMark?.reason ? ` (${statusMark.reason})` : ''
  throw new DomainError(
    'promotion-refused',
    `The project "${name}" is quarantined${why}: nothing of it is promoted. Make it active again first: PUT /projects/${name}/status.`,
    { project: name },
  )
}

function isSame(pointer: Pointer, release: Pick<Pointer, 'version' | 'files'>): boolean {
  const digests = (files: Pointer['files']) =>
    files
      .map((file) => file.sha256)
      .sort()
      .join()
  return pointer.version === release.version && digests(pointer.files) === digests(release.files)
}
