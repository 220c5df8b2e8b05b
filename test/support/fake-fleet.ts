import type { Clock } from '../../src/clock.ts'
import type { Effect, Outcome, Rollout } from '../../src/deploy/rollout/model.ts'

export interface FakeNode {
  readonly name: string
  /** Name of the release that the service runs; `undefined` before the first deploy. */
  running: string | undefined
  serving: boolean
  /** Out of the balancer. */
  drained: boolean
}

/**
 * Nodes as a deploy meets them: runs go on when their worker dies, the same attempt is one run, and a worker with a lower
 * fence than one seen before is refused. Keeps count of what was run, and of how many nodes were out of service at once.
 */
export class FakeFleet {
  readonly nodes: FakeNode[]
  readonly started: string[] = []
  mostOutOfService = 0
  /** How many people have to approve. */
  approvals: number | undefined
  /** Comes into the inventory once the first node is restarted. */
  joins: string | undefined
  readonly #clock: Clock
  readonly #breaks: (effect: Effect) => boolean
  readonly #maxUnavailable: number
  readonly #runs = new Map<string, Promise<Outcome>>()
  readonly #fences = new Map<string, number>()

  constructor(
    names: readonly string[],
    clock: Clock,
    breaks: (effect: Effect) => boolean = () => false,
    maxUnavailable = 1,
  ) {
    this.#maxUnavailable = maxUnavailable
    this.nodes = names.map((name) => ({ name, running: '1.0.0-old', serving: true, drained: false }))
    this.#clock = clock
    this.#breaks = breaks
  }

  /** What the crew of a worker does, without SSH. */
  act(fence: number, effect: Effect, rollout: Rollout): Promise<Outcome> {
    const node = this.nodes.find(({ name }) => name === effect.node)
    if (node === undefined) return this.#withoutNode(effect, rollout)
    if (['probe', 'verify', 'recheck', 'check'].includes(effect.kind)) return this.#look(node, effect, rollout)
    if (fence < (this.#fences.get(node.name) ?? 0)) {
      return Promise.resolve({ ok: false, problem: 'a newer worker has taken over' })
    }
    this.#fences.set(node.name, fence)
    const run = this.#runs.get(effect.attempt) ?? this.#run(node, effect, rollout)
    this.#runs.set(effect.attempt, run)
    return run
  }

  async #withoutNode(effect: Effect, rollout: Rollout): Promise<Outcome> {
    if (effect.kind === 'soak') {
      await this.#clock.sleep((effect.seconds ?? 0) * 1000)
      return { ok: true }
    }
    if (effect.kind === 'discover') return await this.#discover(rollout)
    const nodes = this.nodes.map(({ name }) => name)
    return {
      ok: true,
      found: {
        kind: 'plan',
        nodes,
        maxUnavailable: this.#maxUnavailable,
        soakSeconds: 5,
        drains: true,
        prepares: true,
        ...(this.joins === undefined ? {} : { asksAgain: true }),
        ...(this.approvals === undefined ? {} : { approvals: { needed: this.approvals, expireHours: 1 } }),
      },
    }
  }

  async #discover({ nodes }: Rollout): Promise<Outcome> {
    await this.#clock.sleep(200)
    const { joins } = this
    const restarted = this.started.some((attempt) => attempt.includes('-activate'))
    if (joins !== undefined && restarted && !this.nodes.some(({ name }) => name === joins)) {
      this.nodes.push({ name: joins, running: undefined, serving: false, drained: false })
    }
    const newcomers = this.nodes.map(({ name }) => name).filter((name) => !nodes.some((node) => node.name === name))
    return { ok: true, found: { kind: 'discover', newcomers } }
  }

  async #look(node: FakeNode, effect: Effect, rollout: Rollout): Promise<Outcome> {
    await this.#clock.sleep(700)
    if (effect.kind === 'probe') {
      const before = { release: node.running ?? '', version: '1.0.0', healthy: node.serving }
      return { ok: true, found: { kind: 'probe', nodeClass: 'c', ...(node.running !== undefined && { before }) } }
    }
    const progress = rollout.nodes.find(({ name }) => name === node.name)
    const wanted = effect.kind === 'check' ? progress?.before?.release : progress?.release
    const fine = node.serving && node.running === wanted
    return fine ? { ok: true } : { ok: false, problem: `${node.name} does not serve ${wanted}` }
  }

  async #run(node: FakeNode, effect: Effect, rollout: Rollout): Promise<Outcome> {
    this.started.push(effect.attempt)
    if (effect.kind === 'activate' || effect.kind === 'restore') return await this.#restart(node, effect, rollout)
    if (effect.kind === 'drain') node.drained = true
    await this.#clock.sleep(3_000)
    if (effect.kind === 'undrain') node.drained = false
    if (effect.kind === 'resolve') return { ok: true, found: { kind: 'resolve', lock: 'd'.repeat(64) } }
    return { ok: true }
  }

  async #restart(node: FakeNode, effect: Effect, rollout: Rollout): Promise<Outcome> {
    const progress = rollout.nodes.find(({ name }) => name === node.name)
    if (effect.kind === 'activate' && !node.drained) throw new Error(`${node.name} was restarted without a drain.`)
    node.serving = false
    this.mostOutOfService = Math.max(
      this.mostOutOfService,
      this.nodes.filter((one) => one.drained || !one.serving).length,
    )
    await this.#clock.sleep(1_500)
    node.running = effect.kind === 'restore' ? progress?.before?.release : progress?.release
    node.serving = !this.#breaks(effect)
    return { ok: true }
  }
}
