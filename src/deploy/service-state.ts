import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'
import { imposedFreezes } from './rollout/freezes.ts'
import { type Phase, phases } from './rollout/model.ts'

const hold = z.object({
  /** Name of the token. */
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
  reason: z.string().optional(),
})

/** A person's stop: nothing is promoted to the service until it is released, but by force. */
export type Hold = Readonly<z.infer<typeof hold>>

/** Absent in what was written before deploys were kept by project here. */
const project = z.string().optional()

export const serviceStateSchema = z.object({
  /** By project and channel (`app/production`): the newest serial of the pointer that a deploy was made for. */
  considered: z.record(z.string(), z.int()),
  /** What the service is meant to run: the version that was promoted last. */
  desired: z.object({ version: z.string(), deploy: z.string(), project }).optional(),
  /** What a deploy brought to success last. */
  stable: z.object({ version: z.string(), deploy: z.string(), project }).optional(),
  running: z.string().optional(),
  /** At most one waits; a newer one takes its place. */
  waiting: z.string().optional(),
  /** Waits for approvals, and so for nobody's turn: others may run meanwhile, and a newer one takes its place. */
  gated: z.string().optional(),
  /** The running one, where it waits for a person and that was told: nobody carries it until there is news for it. */
  resting: z.string().optional(),
  /** Superseded or aborted while they waited, for their turn or for approval, and still to be told so in their own documents. */
  closing: z.array(z.string()),
  hold: hold.optional(),
  /** Made by people, besides those of the configuration; what is past goes with the next change. */
  freezes: imposedFreezes.optional(),
  /** Set by a deploy that was rolled back by itself: nothing is deployed by itself until a deploy succeeds, or a person releases it. */
  automaticHold: hold.optional(),
  /** What was rolled back by itself, newest first: it is not deployed by itself again. */
  condemned: z.array(z.object({ version: z.string(), deploy: z.string(), project, at: z.string() })).optional(),
  /** The last 20 that ended, newest first. */
  recent: z.array(
    z.object({ deploy: z.string(), version: z.string(), project, phase: z.enum(phases), at: z.string() }),
  ),
})

/** What the product knows of a service: `services/<service>.json`. All of these functions are pure. */
export type ServiceState = Readonly<z.infer<typeof serviceStateSchema>>

export const serviceDocument: DocumentType<ServiceState> = { name: 'service', format: 4, schema: serviceStateSchema }

export interface Entry {
  readonly deploy: string
  readonly project: string
  readonly version: string
  readonly channel: string
  readonly serial: number
  /** ISO 8601. */
  readonly at: string
}

/** A deploy, and of what. */
export interface Deployed {
  readonly deploy: string
  readonly version: string
  readonly project?: string | undefined
}

export function newServiceState(): ServiceState {
  return { considered: {}, closing: [], recent: [] }
}

/** A deploy enters: it waits, in place of those that waited, for their turn or for approval. `undefined` where it entered before. */
export function enter(state: ServiceState, entry: Entry): ServiceState | undefined {
  const { deploy, project, version, channel, serial, at } = entry
  const before = considered(state, project, channel)
  const next = { ...state.considered, [consideredKey(project, channel)]: Math.max(serial, before) }
  // Documents from before projects were named there count by channel alone.
  if (knows(state, deploy)) return serial > before ? { ...state, considered: next } : undefined
  // A newer promotion was quicker to get here.
  if (before >= serial) return close(state, { deploy, version, project }, at)
  const { waiting, gated, ...rest } = state
  const waited = [gated, waiting].filter((one) => one !== undefined)
  const alone = waited.reduce<ServiceState>((next, one) => close(next, waitingAs(state, one), at), rest)
  return {
    ...alone,
    considered: next,
    desired: { version, deploy, project },
    waiting: deploy,
  }
}

/** What is desired is what waits; a repair is of what is stable. */
function waitingAs({ desired, stable }: ServiceState, deploy: string): Deployed {
  return { version: '', ...(desired?.deploy === deploy ? desired : (stable ?? desired)), deploy }
}

/** A deploy of what is stable enters, where none is there: what is desired, and what was considered, stays as it is. */
export function enterAgain(state: ServiceState, deploy: string): ServiceState | undefined {
  if (state.running !== undefined || state.waiting !== undefined || knows(state, deploy)) return undefined
  return { ...state, waiting: deploy }
}

/**
 * The deploy to work on: the running one, or else the waiting one, or one that waited for approval and has news; it runs from
 * now on, and rests no more.
 */
export function start(state: ServiceState, awake?: string): ServiceState | undefined {
  const { waiting, resting, ...rest } = state
  if (state.running !== undefined) return resting === undefined ? undefined : { ...rest, ...(waiting && { waiting }) }
  if (waiting !== undefined) return { ...rest, running: waiting }
  const { gated, ...others } = rest
  return gated === undefined || gated !== awake ? undefined : { ...others, running: gated }
}

/** The running one waits for a person. Where that is for approvals, it gives way to whatever waits for its turn. */
export function rest(state: ServiceState, deployed: Deployed, gated: boolean, at: string): ServiceState | undefined {
  const { running, ...others } = state
  if (running !== deployed.deploy) return undefined
  if (!gated) return { ...state, resting: running }
  return state.waiting === undefined ? { ...others, gated: running } : close(others, deployed, at)
}

export function finish(state: ServiceState, ended: Deployed, phase: Phase, at: string): ServiceState | undefined {
  if (state.running !== ended.deploy) return undefined
  const { running, ...rest } = state
  const after = remember(rest, { ...ended, phase, at })
  if (phase === 'succeeded') return absolved({ ...after, stable: ended }, ended)
  const wentBack = phase === 'rolled_back' || phase === 'rollback_failed'
  // What the fleet runs well is not to blame where one node could not be brought to it.
  const runsWell = state.stable?.version === ended.version && state.stable.project === ended.project
  return wentBack && !runsWell ? condemn(after, ended, at) : after
}

function condemn(state: ServiceState, ended: Deployed, at: string): ServiceState {
  const reason = `${ended.version} was rolled back`
  const condemned = [{ ...ended, at }, ...(state.condemned ?? [])].slice(0, 100)
  return { ...state, condemned, automaticHold: { by: ended.deploy, at, reason } }
}

/** What succeeds was not so bad. */
function absolved({ automaticHold: _over, condemned, ...rest }: ServiceState, ended: Deployed): ServiceState {
  const left = condemned?.filter(({ version, project: of }) => version !== ended.version || of !== ended.project)
  return left === undefined ? rest : { ...rest, condemned: left }
}

/** The version that the service has, or is on its way to: nothing lower is deployed by itself. */
export function versionHad({ desired, stable, running, waiting, gated, recent }: ServiceState): string | undefined {
  const open = desired !== undefined && [running, waiting, gated].includes(desired.deploy)
  const phase = recent.find(({ deploy }) => deploy === desired?.deploy)?.phase
  const gone = !open && (phase === 'rolled_back' || phase === 'aborted' || phase === 'expired')
  return desired === undefined || gone ? stable?.version : desired.version
}

/** Without what belongs to a project that the service was for once: other versions, and names for other eyes. */
export function stateFor(state: ServiceState, project: string): ServiceState {
  const { desired, stable, recent, condemned, ...rest } = state
  const own = (one: { readonly project?: string | undefined }) => (one.project ?? project) === project
  return {
    ...rest,
    ...(desired && own(desired) ? { desired } : {}),
    ...(stable && own(stable) ? { stable } : {}),
    ...(condemned === undefined ? {} : { condemned: condemned.filter(own) }),
    recent: recent.filter(own),
  }
}

/** `undefined` takes each hold away, the one that a rollback set too. */
export function withHold(state: ServiceState, wanted: Hold | undefined): ServiceState {
  const { hold: _hold, automaticHold: _automatic, ...rest } = state
  return wanted === undefined ? rest : { ...state, hold: wanted }
}

/** What the service ran well before, newest first, each once, without what it is meant to run now and what was condemned since. */
export function rollbackTargets(state: ServiceState): readonly string[] {
  return ranWell(state).filter((version) => !isCondemned(state, version))
}

/** What would be such a target, had it not been rolled back by itself since. */
export function spoiltTargets(state: ServiceState): readonly string[] {
  return ranWell(state).filter((version) => isCondemned(state, version))
}

function ranWell({ stable, recent, desired }: ServiceState): readonly string[] {
  const succeeded = recent.filter(({ phase }) => phase === 'succeeded')
  const versions = [...(stable === undefined ? [] : [stable]), ...succeeded].map(({ version }) => version)
  return [...new Set(versions)].filter((version) => version !== desired?.version)
}

function isCondemned({ condemned = [] }: ServiceState, version: string): boolean {
  return condemned.some((one) => one.version === version)
}

/** A deploy that waits is aborted; `undefined` where it does not wait. */
export function withdraw(state: ServiceState, waiting: Deployed, at: string): ServiceState | undefined {
  if (state.waiting !== waiting.deploy) return undefined
  const { waiting: _waiting, ...rest } = state
  return close(rest, waiting, at, 'aborted')
}

/** How a deploy that never began ended. */
export function closedAs(state: ServiceState, deploy: string): Phase | undefined {
  return state.recent.find((one) => one.deploy === deploy)?.phase
}

/** Those that are to close have been told. */
export function closed(state: ServiceState, deploys: readonly string[]): ServiceState | undefined {
  const closing = state.closing.filter((one) => !deploys.includes(one))
  return closing.length === state.closing.length ? undefined : { ...state, closing }
}

/** The newest serial of the project's channel that this service has a deploy for. */
export function considered(state: ServiceState, project: string, channel: string): number {
  return state.considered[consideredKey(project, channel)] ?? 0
}

function consideredKey(project: string, channel: string): string {
  return `${project}/${channel}`
}

function knows(state: ServiceState, deploy: string): boolean {
  const { running, waiting, gated, closing, recent } = state
  return [running, waiting, gated, ...closing, ...recent.map((one) => one.deploy)].includes(deploy)
}

function close(
  state: ServiceState,
  ended: Deployed,
  at: string,
  phase: 'superseded' | 'aborted' = 'superseded',
): ServiceState {
  return remember({ ...state, closing: [...state.closing, ended.deploy] }, { ...ended, phase, at })
}

function remember(state: ServiceState, ended: ServiceState['recent'][number]): ServiceState {
  return { ...state, recent: [ended, ...state.recent].slice(0, 20) }
}
