import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock.ts'
import { DomainError } from '../errors.ts'
import type { Documents, Versioned } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { EventBus } from '../queue/event-bus.ts'
import { headDocument } from './documents.ts'
import { controlsOf, type FollowedControls } from './follow-controls.ts'
import { waitsForPerson } from './resting.ts'
import type { Control } from './rollout/control.ts'
import { type Effect, isOver, type Outcome, type Phase, type Rollout, type RolloutEvent } from './rollout/model.ts'
import { step } from './rollout/step.ts'

export interface CarryPorts {
  readonly documents: Documents
  readonly bus: EventBus
  readonly clock: Clock
  readonly report: (error: unknown) => void
  /** Told of each phase, and when a worker takes over once more: the same twice must be as good as once. */
  news(rollout: Rollout): Promise<void>
}

/** Does one effect in the world. Rejects only when the signal told it to stop: everything else is an outcome. */
export type Act = (effect: Effect, rollout: Rollout, signal: AbortSignal) => Promise<Outcome>

/** Events this close together are one write; what nobody else is at work beside is not waited for. */
const foldMilliseconds = 50

export interface CarrySignals {
  /** Everything ends at once. */
  readonly signal: AbortSignal
  /** Nothing is begun any more. */
  readonly leaving: AbortSignal
}

/** A deploy, for whoever carries it. */
export interface Carried {
  readonly service: string
  readonly id: string
  readonly fence: number
  /** Whether it rested, and the phase in which it did was told then. */
  readonly rested?: boolean
}

/**
 * Carries a deploy to its end, or to where it waits for a person: load, step, save, and only then act on what is outstanding;
 * outcomes become events. Any worker can go on from the document. Rejects with `lease-lost` where another one wrote, or the signal came: this worker
 * is out then, and never reads again to try once more. Once `leaving` came nothing more is begun: what is in hand ends and is saved, and the
 * rest is left for whoever comes next.
 */
export async function carry(
  ports: CarryPorts,
  deploy: Carried,
  act: Act,
  { signal, leaving }: CarrySignals,
): Promise<Rollout> {
  const inbox = new Inbox()
  const stopped = new AbortController()
  const stop = AbortSignal.any([signal, stopped.signal])
  // Something listens for each node, and that is no leak.
  setMaxListeners(0, stop)
  const ending = AbortSignal.any([stop, leaving])
  setMaxListeners(0, ending)
  const started = new Map<string, Promise<void>>()
  const inHand = new Set<string>()
  const controls = controlsOf(ports, deploy)
  let head = await takeOver(ports.documents, deploy)
  // What it was told while nobody carried it comes first: one that was aborted does not begin.
  inbox.tell(await controls.look())
  inbox.put({ kind: 'begin' })
  const following = controls.follow((told) => inbox.tell(told), stop)
  let told: Phase | undefined = deploy.rested ? head.value.phase : undefined
  try {
    for (;;) {
      const next = inbox.takeAll().reduce((rollout, event) => step(rollout, event, ports.clock.now()), head.value)
      if (next !== head.value) head = await save(ports, deploy, next, head)
      if (head.value.phase !== told) await ports.news(head.value)
      told = head.value.phase
      if (isOver(told)) return head.value
      if (waitsForPerson(head.value) && !(await hasMore(inbox, controls))) return head.value
      for (const effect of leaving.aborted ? [] : head.value.effects) {
        const { attempt, kind } = effect
        if (started.has(attempt)) continue
        // Nobody waits for the end of a soak: whoever takes over waits anew.
        const ends = kind === 'soak' ? ending : stop
        if (kind !== 'soak') inHand.add(attempt)
        const acting = act(effect, head.value, ends).then(
          (outcome) => {
            inHand.delete(attempt)
            inbox.put({ kind: 'outcome', attempt, outcome })
          },
          (error: unknown) => {
            if (kind !== 'soak' || !leaving.aborted) inbox.fail(error)
          },
        )
        started.set(attempt, acting)
      }
      if (leaving.aborted && inHand.size === 0 && inbox.isEmpty()) throw stoppedCarrying(deploy)
      await inbox.filled(1, leaving.aborted ? stop : ending)
      if (inbox.size < atWork(head.value)) await companions(ports.clock, inbox, atWork(head.value), stop)
      if (stop.aborted) throw stoppedCarrying(deploy)
    }
  } finally {
    stopped.abort()
    await Promise.all([...started.values(), following])
  }
}

function stoppedCarrying({ id }: Carried): DomainError {
  return new DomainError('lease-lost', `This worker stopped carrying ${id}.`)
}

/** Until all outcomes are there that may come at any moment, or the time of one write is over. */
async function companions(clock: Clock, inbox: Inbox, all: number, stop: AbortSignal): Promise<void> {
  const over = new AbortController()
  const signal = AbortSignal.any([stop, over.signal])
  await Promise.race([inbox.filled(all, signal), clock.sleep(foldMilliseconds, signal)])
  over.abort()
}

/** Whose outcomes may come at any moment. */
function atWork({ effects }: Rollout): number {
  return effects.filter(({ kind }) => kind !== 'soak').length
}

/** Looks once more: what is told from now on wakes whoever looks for work. */
async function hasMore(inbox: Inbox, controls: FollowedControls): Promise<boolean> {
  inbox.tell(await controls.look())
  return !inbox.isEmpty()
}

/** From here on, whoever carried it before loses its next write. */
async function takeOver(documents: Documents, { service, id, fence }: Carried): Promise<Versioned<Rollout>> {
  const taken = await documents.update(headDocument, keys.deployHead(service, id), (rollout) => {
    if (rollout === undefined) throw new DomainError('deploy-not-found', `The deploy ${id} has no document.`)
    if (rollout.fence > fence) throw new DomainError('lease-lost', `A newer worker carries ${id}.`)
    return rollout.fence === fence ? undefined : { ...rollout, fence }
  })
  if (taken === undefined) throw new DomainError('deploy-not-found', `The deploy ${id} has no document.`)
  return taken
}

async function save(
  ports: CarryPorts,
  deploy: { readonly service: string; readonly id: string },
  next: Rollout,
  from: Versioned<Rollout>,
): Promise<Versioned<Rollout>> {
  const saved = await ports.documents.replace(headDocument, keys.deployHead(deploy.service, deploy.id), next, from)
  if (saved === 'conflict') throw new DomainError('lease-lost', `Another worker has taken ${deploy.id} over.`)
  ports.bus.publish({ topic: 'deploy', id: deploy.id, serial: saved.serial })
  return saved
}

/** Events on their way from the acting parts to the loop. */
class Inbox {
  #events: RolloutEvent[] = []
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  get size(): number {
    return this.#events.length
  }

  put(event: RolloutEvent): void {
    this.#events.push(event)
    this.#wake()
  }

  tell(controls: readonly Control[]): void {
    for (const control of controls) this.put({ kind: 'control', control })
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  isEmpty(): boolean {
    return this.#events.length === 0 && this.#failure === undefined
  }

  takeAll(): readonly RolloutEvent[] {
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#events.splice(0)
  }

  /** Resolves when so many are there, or a failure, or when the signal comes. */
  async filled(count: number, signal: AbortSignal): Promise<void> {
    const isFilled = () => this.#events.length >= count || this.#failure !== undefined
    if (isFilled() || signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        if (!isFilled() && !signal.aborted) return
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake)
    })
  }
}
