import { randomUUID } from 'node:crypto'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { type Controls, controlsDocument } from './documents.ts'
import { closeUnbegun, type RequestPorts } from './request-deploy.ts'
import { isGated } from './rollout/approving.ts'
import type { Control, ControlKind } from './rollout/control.ts'
import { refusalOf } from './rollout/controls.ts'
import { isOver, type Rollout } from './rollout/model.ts'
import { step } from './rollout/step.ts'
import { serviceDocument, withdraw } from './service-state.ts'
import { readRollout, watchUntil } from './watch.ts'

export interface ControlRequest {
  readonly kind: ControlKind
  /** For `exclude`. */
  readonly node?: string
  readonly by: string
  /** Whose token that is, for `approve`. */
  readonly account?: string
  readonly reason?: string
  /** For `freezes`. */
  readonly imposed?: NonNullable<Control['imposed']>
}

/** So long is waited for whoever carries the deploy to take it, so that the answer shows what came of it. */
const patienceSeconds = 3

/**
 * Tells a deploy something. It is kept before the answer, and whoever carries the deploy takes it, now or later; one that
 * waits and is aborted ends here. Rejects with `deploy-not-found`, and with `control-refused` where it makes no sense.
 */
export async function controlDeploy(
  ports: RequestPorts,
  deploy: string,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<{ readonly control: Control; readonly rollout: Rollout }> {
  const before = await readRollout(ports.documents, deploy)
  const control = await keep(ports, before, request)
  if (control.kind === 'abort') await withdrawWaiting(ports, before)
  // Whoever should carry it may have lost its job: where the queue is away a worker finds it by itself.
  await ports.queue.enqueue(before.service).catch(() => undefined)
  const taken = ({ phase, controls = 0 }: Rollout) => controls >= control.number || isOver(phase)
  // One that waits for another deploy to end is taken when its turn comes.
  if (before.phase === 'queued' && control.kind !== 'abort') return { control, rollout: before }
  const [seen] = await watchUntil(ports, [deploy], patienceSeconds, taken, signal)
  return { control, rollout: seen?.rollout ?? before }
}

/** The same, without waiting for what comes of it. */
export async function tellDeploy(ports: RequestPorts, deploy: string, request: ControlRequest): Promise<void> {
  const before = await readRollout(ports.documents, deploy)
  await keep(ports, before, request)
  await ports.queue.enqueue(before.service).catch(() => undefined)
}

async function keep(ports: RequestPorts, rollout: Rollout, request: ControlRequest): Promise<Control> {
  const { service, deploy } = rollout
  const { kind, node, by, account, reason, imposed } = request
  // Whoever has seen that approval was asked for anew speaks after that, though this clock may be behind the worker's.
  const now = Math.max(ports.clock.now(), rollout.askedAnew?.at ?? 0)
  const [id, at] = [randomUUID(), new Date(now).toISOString()]
  const said = {
    id,
    kind,
    by,
    at,
    ...(node === undefined ? {} : { node }),
    ...(account === undefined ? {} : { account }),
    ...(imposed === undefined ? {} : { imposed }),
    ...(reason === undefined ? {} : { reason }),
  }
  const kept = await ports.documents.update(controlsDocument, keys.deployControls(service, deploy), (current) => {
    const controls = current?.controls ?? []
    if (controls.some((one) => one.id === id)) return undefined
    refuseSenseless(expected(rollout, { controls }, ports.clock.now()), request)
    return { controls: [...controls, { ...said, number: (controls.at(-1)?.number ?? 0) + 1 }] }
  })
  const control = kept?.value.controls.find((one) => one.id === id)
  if (kept === undefined || control === undefined) throw new Error(`The control of ${deploy} was not kept.`)
  ports.bus.publish({ topic: 'control', id: deploy, serial: kept.serial })
  return control
}

/** Where it will stand once it has taken what it was told before: two who speak at once do not contradict each other. */
export function expected(rollout: Rollout, { controls }: Controls, now: number): Rollout {
  const told = controls.reduce((next, control) => step(next, { kind: 'control', control }, now), rollout)
  // One whose time to be approved is over has ended, though nobody has looked at it since.
  return isGated(told) ? step(told, { kind: 'begin' }, now) : told
}

function refuseSenseless(rollout: Rollout, request: ControlRequest): void {
  const why = refusalOf(rollout, request)
  if (why === undefined) return
  const verbs: Readonly<Record<ControlKind, string>> = {
    pause: 'be paused',
    resume: 'be resumed',
    abort: 'be aborted',
    retry: 'try again',
    exclude: 'leave that node out',
    approve: 'be approved',
    freezes: 'be frozen',
  }
  const { deploy } = rollout
  throw new DomainError('control-refused', `${deploy} cannot ${verbs[request.kind]}: ${why}.`, {
    deploy,
    phase: rollout.phase,
  })
}

/** Nobody carries one that waits for another: it gives up its place, and is told so in its own document. */
async function withdrawWaiting(ports: RequestPorts, { service, project, deploy, version }: Rollout): Promise<void> {
  const at = new Date(ports.clock.now()).toISOString()
  const state = await ports.documents.update(
    serviceDocument,
    keys.service(service),
    (current) => current && withdraw(current, { project, deploy, version }, at),
  )
  if (state === undefined || !state.value.closing.includes(deploy)) return
  await closeUnbegun(ports, service, state.value)
  ports.bus.publish({ topic: 'service', id: service, serial: state.serial })
}
