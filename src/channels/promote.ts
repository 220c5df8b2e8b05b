import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { yankText } from '../registry/amendments.ts'
import type { Project, Projects } from '../registry/projects.ts'
import { releaseNamed } from '../registry/releases.ts'
import { type Channels, channelsDocument, isSameRelease, type Pointer } from './model.ts'

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
  /** Serial that the channel stands at, 0 where it has none: where it has moved on, nothing is promoted. */
  readonly after?: number
  /** Names the request where the client did (Idempotency-Key): the second time it changes nothing, whatever came since. */
  readonly attempt?: string
  /** A yanked release too. */
  readonly force?: boolean
  /** Recorded as forced, though a yanked release is refused: on the way back nothing else may be in the way. */
  readonly rollback?: boolean
}

export interface Promotion {
  readonly pointer: Pointer
  readonly previous?: Pointer
  /** False where the channel pointed at this release already, and was left as it is. */
  readonly changed: boolean
  /** False where others were promoted since, and this is the answer to a request made again. */
  readonly current: boolean
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
  const release = releaseToPromote(project, request.version, request.force ?? false)
  const attempt = request.attempt ?? randomUUID()
  const written = await ports.documents.update(channelsDocument, keys.channels(project.name), (current = {}) => {
    const history = current[request.channel] ?? []
    const made = madeBy(history, attempt, request.again)
    if (made !== undefined) return sameRelease(made, release)
    const last = history.at(-1)
    if (request.after !== undefined && request.after !== (last?.serial ?? 0)) return undefined
    if (last !== undefined && last.serial !== request.again && isSameRelease(last, release)) {
      return request.attempt === undefined ? undefined : withLast(current, request.channel, answeredTo(last, attempt))
    }
    const at = new Date(ports.clock.now()).toISOString()
    const { by, reason } = request
    const back = request.rollback === true ? { rollback: true } : {}
    const forced = request.force === true || request.rollback === true ? { force: true, ...back } : {}
    const pointer: Pointer = { serial: (last?.serial ?? 0) + 1, ...release, at, by, reason, ...forced, attempt }
    return { ...current, [request.channel]: [...history, pointer] }
  })
  return promotionIn(written?.value?.[request.channel] ?? [], attempt, request.again)
}

/** What an attempt made, or found, when it was made before; for whoever would choose another release the second time. */
export async function findAttempt(
  documents: Documents,
  { project, channel, attempt }: { readonly project: string; readonly channel: string; readonly attempt: string },
): Promise<Pointer | undefined> {
  const channels = await documents.read(channelsDocument, keys.channels(project))
  return madeBy(channels?.value[channel] ?? [], attempt)
}

function madeBy(history: readonly Pointer[], attempt: string, again?: number): Pointer | undefined {
  return history.findLast(
    (one) => one.attempt === attempt || (one.answered?.includes(attempt) === true && one.serial !== again),
  )
}

/** Leaves all as it is; throws where the same attempt was about something else. */
function sameRelease(made: Pointer, { version }: Pick<Pointer, 'version'>): undefined {
  if (made.version === version) return undefined
  const text = `This Idempotency-Key was used to promote ${made.version} on ${made.at.slice(0, 10)}. Use another one for ${version}.`
  throw new DomainError('conflict', text, { version })
}

function answeredTo(pointer: Pointer, attempt: string): Pointer {
  return { ...pointer, answered: [...(pointer.answered ?? []), attempt].slice(-20) }
}

function withLast(channels: Channels, channel: string, pointer: Pointer): Channels {
  return { ...channels, [channel]: [...(channels[channel] ?? []).slice(0, -1), pointer] }
}

function promotionIn(history: readonly Pointer[], attempt: string, again?: number): Promotion {
  const pointer = madeBy(history, attempt, again) ?? history.at(-1)
  if (pointer === undefined) throw new DomainError('conflict', 'The channel changed while it was promoted. Try again.')
  const previous = history[history.indexOf(pointer) - 1]
  const current = pointer === history.at(-1)
  return { pointer, current, changed: pointer.attempt === attempt, ...(previous === undefined ? {} : { previous }) }
}

export function requireChannel(channels: readonly string[], channel: string): void {
  if (channels.includes(channel)) return
  const text = `There is no channel "${channel}". Configured are: ${channels.join(', ')} (channels: in wheelhouse.yaml).`
  throw new DomainError('not-found', text, { channel })
}

/** What there is to promote: a yanked file is not, unless by force, and nothing of a quarantined project. */
export function releaseToPromote(project: Project, text: string, force: boolean): Pick<Pointer, 'version' | 'files'> {
  refuseQuarantined(project)
  const { version, files } = releaseNamed(project, text)
  const wanted = files.filter((file) => force || file.yanked === undefined)
  const yanked = files.find((file) => file.yanked !== undefined)?.yanked
  if (wanted.length === 0 && yanked !== undefined) {
    throw new DomainError(
      'promotion-refused',
      `${project.name} ${version} was yanked by "${yanked.by}" on ${yanked.at.slice(0, 10)} (${yankText(yanked)}), and is not promoted. ` +
        `Promote another release, un-yank it first (POST /projects/${project.name}/${version}/unyank), or use force.`,
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
