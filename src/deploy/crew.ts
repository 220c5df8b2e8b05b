import type { Clock } from '../clock.ts'
import { DomainError, isDomainError, messageOf } from '../errors.ts'
import type { ActContext } from './acts/act-context.ts'
import { activate } from './acts/activate.ts'
import { discover } from './acts/discover.ts'
import { aroundRestart, prepare } from './acts/hooks.ts'
import { plan } from './acts/plan.ts'
import { probe } from './acts/probe.ts'
import { resolve } from './acts/resolve.ts'
import { stage } from './acts/stage.ts'
import { verify } from './acts/verify.ts'
import type { DeployRequest } from './documents.ts'
import { findFleet } from './find-fleet.ts'
import { knownNode } from './known-nodes.ts'
import { killScript } from './node/kill.ts'
import { type NodeSessionPorts, nodeSessions } from './node-sessions.ts'
import type { Effect, NodeProgress, Outcome, Rollout } from './rollout/model.ts'
import type { Crew } from './worker.ts'

export interface CrewPorts
  extends NodeSessionPorts,
    Pick<ActContext, 'projects' | 'discovery' | 'externalUrl' | 'commands'> {}

/** Those who act for one deploy, in one worker, under one fence. */
export function crewFor(ports: CrewPorts, request: DeployRequest, fence: number): Crew {
  const sessions = nodeSessions(ports, request, fence)
  const { ask, run, keep } = sessions
  const context: ActContext = { ...ports, request, ask, run, keep, node: planned(ports, request) }
  const shared = () =>
    sharedFor(fleetIsFresh, ports.clock, (signal: AbortSignal) => findFleet(context, request, signal))
  let fleetNow = shared()
  return {
    act: async (effect, rollout, signal) => {
      const outcome = await actUntilDone(ports, signal, () => act(context, effect, rollout, signal))
      // An answer from before has none of those that joined.
      if (effect.kind === 'discover') fleetNow = shared()
      return outcome.ok || !outcome.unreachable ? outcome : { ...outcome, gone: await isGone(fleetNow, effect, signal) }
    },
    finish: () => ports.credentials.revoke(request.deploy),
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  }
}

/**
 * Whether a node that is out of reach has left the fleet. Where that cannot be told, or the answer not be believed, it has not.
 */
async function isGone(
  fleetNow: (signal: AbortSignal) => ReturnType<typeof findFleet>,
  { node }: Effect,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const fleet = await fleetNow(signal)
    return node !== undefined && fleet.ok && !fleet.nodes.some(({ name }) => name === node)
  } catch {
    return false
  }
}

/** Where the network is cut hundreds of nodes ask at once, and an inventory may be a program that takes seconds. Milliseconds. */
const fleetIsFresh = 30_000

function sharedFor<A, T>(milliseconds: number, clock: Clock, ask: (about: A) => Promise<T>): (about: A) => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined
  return (about) => {
    const now = clock.monotonic()
    if (last === undefined || now - last.at > milliseconds) last = { at: now, answer: ask(about) }
    return last.answer
  }
}

/** The store being away is no outcome of a deploy: one waits for it. What else goes wrong is one. */
async function actUntilDone(ports: CrewPorts, signal: AbortSignal, once: () => Promise<Outcome>): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    try {
      const outcome = await once()
      if (!signal.aborted) return outcome
    } catch (error) {
      if (!isDomainError(error)) ports.report(error)
      if (!signal.aborted && !isDomainError(error, 'storage-unavailable')) {
        const unreachable = isDomainError(error, 'host-unreachable') || isDomainError(error, 'outcome-unknown')
        return { ok: false, problem: messageOf(error), unreachable }
      }
    }
    // What was cut short by our own stopping says nothing about the node.
    if (signal.aborted) throw new DomainError('lease-lost', 'This worker stopped.')
    await ports.clock.sleep(Math.min(5_000, 100 * 2 ** attempt), signal)
  }
}

async function act(context: ActContext, effect: Effect, rollout: Rollout, signal: AbortSignal): Promise<Outcome> {
  if (effect.kind === 'plan') return await plan(context, signal)
  if (effect.kind === 'discover') return await discover(context, rollout, signal)
  await context.clock.sleep(waitOf(effect, context.clock.now()), signal)
  if (effect.kind === 'soak') return { ok: true }
  if (effect.victim !== undefined) return await kill(context, effect.victim, signal)
  const progress = rollout.nodes.find(({ name }) => name === effect.node)
  if (progress === undefined) throw new Error(`The effect ${effect.attempt} is on no node of its deploy.`)
  return await actOnNode(context, rollout, progress, effect, signal)
}

/** In milliseconds. */
function waitOf({ seconds, until = 0 }: Effect, now: number): number {
  return seconds === undefined ? Math.max(0, until - now) : seconds * 1000
}

/** A second abort: the outcome comes from the run itself. */
async function kill(
  context: ActContext,
  { node, attempt }: NonNullable<Effect['victim']>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { python, root } = await context.node(node)
  const asked = await context.ask(await context.node(node), killScript({ python, root, attempt }), 30, signal)
  return asked.ok ? { ok: true } : asked
}

async function actOnNode(
  context: ActContext,
  { phase }: Rollout,
  progress: NodeProgress,
  effect: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { version } = context.request
  const node = await context.node(progress.name)
  const { activation = '', before } = progress
  switch (effect.kind) {
    case 'probe':
      return await probe(context, node, signal)
    case 'resolve':
      return await resolve(context, node, effect, signal)
    case 'stage':
      return await stage(context, node, progress, effect, signal)
    case 'prepare':
      return await prepare(context, node, progress, effect, signal)
    case 'drain':
    case 'undrain':
      return await aroundRestart(context, node, { kind: effect.kind, attempt: effect.attempt }, signal)
    case 'activate':
      return await activate(context, node, { release: progress.release ?? '', before }, effect, signal)
    case 'restore':
      return await activate(context, node, { release: before?.release ?? '', before }, effect, signal)
    case 'verify':
      return await verify(context, node, { version, activation, again: false }, signal)
    case 'recheck':
      return await verify(context, node, { version, activation, again: true, once: phase === 'rolling' }, signal)
    case 'check':
      return await verify(context, node, { version: before?.version ?? '', activation, again: false }, signal)
    default:
      throw new Error(`Nobody knows how to ${effect.kind}.`)
  }
}

function planned({ documents }: CrewPorts, request: DeployRequest): ActContext['node'] {
  return async (name) => {
    const node = await knownNode(documents, request, name)
    if (node === undefined) throw new Error(`${name} is not in the plan of ${request.deploy}.`)
    return node
  }
}
