import type { Control, ControlKind } from '../../src/deploy/rollout/control.ts'
import type { Effect, Limits, Outcome, Rollout, RolloutEvent } from '../../src/deploy/rollout/model.ts'
import { step } from '../../src/deploy/rollout/step.ts'
import { blank, fleetOf, outcomeOf, story, type World } from './rollout-worlds.ts'

/** A fleet of healthy nodes, and what one does with its deploy step by step. */
export function play(
  count: number,
  limits: Partial<Limits> = {},
  start: Rollout = step(blank, { kind: 'begin' }, 1),
  classes: readonly string[] = [],
) {
  const { nodes, ...rest } = fleetOf(Array.from({ length: count }, () => 'healthy' as const))
  const ofClass = (letter: string) => letter.repeat(64)
  const world = {
    ...{ ...rest, ...limits },
    nodes: nodes.map((node, n) => ({ ...node, nodeClass: ofClass(classes[n] ?? 'a') })),
    later: [] as World['nodes'],
  }
  const pythons = new Map<string, string>()
  const newcomers: string[] = []
  const states = [start]
  const now = () => states.at(-1) ?? blank
  let told = 0
  return {
    now,
    /** Of each node. */
    nodes: () =>
      now()
        .nodes.map(({ state }) => state)
        .join(' '),
    story: () => story(states),
    /** Effects end, the oldest first, until one is outstanding that is named, or none is. */
    until(stop: string, fails: (effect: Effect) => boolean | 'unreachable' | 'gone' = () => false) {
      for (let turn = 0; turn < 200; turn++) {
        const { effects } = now()
        const [effect] = effects
        if (effect === undefined || effects.some(({ kind, node }) => stop === `${kind} ${node}`)) return this
        const how = fails(effect)
        const outcome = how
          ? {
              ok: false as const,
              problem: 'it is broken',
              unreachable: how === 'unreachable' || how === 'gone',
              gone: how === 'gone',
            }
          : withNews(
              { pythons, newcomers },
              effect,
              outcomeOf(world, effect, () => false),
            )
        states.push(step(now(), { kind: 'outcome', attempt: effect.attempt, outcome }, turn))
      }
      throw new Error('It never comes about.')
    },
    /** From now on the inventory has another node. */
    joins(letter = 'a', before: World['nodes'][number]['before'] = 'nothing') {
      newcomers.push(`node${world.nodes.length + newcomers.length}`)
      world.later = [...world.later, { nodeClass: ofClass(letter), before }]
      return this
    },
    /** From now on the node is of another class. */
    probed(name: string, letter: string, python?: string) {
      const at = Number(name.slice(4))
      world.nodes = world.nodes.map((node, n) => (n === at ? { ...node, nodeClass: ofClass(letter) } : node))
      if (python !== undefined) pythons.set(name, python)
      return this
    },
    say(kind: ControlKind, node?: string) {
      return this.tell({ kind, reason: 'because', ...(node && { node }) })
    },
    tell(said: Partial<Control> & Pick<Control, 'kind'>) {
      const control = { number: ++told, id: `${told}`, by: 'alice', at: '', ...said }
      states.push(step(now(), { kind: 'control', control }, 500))
      return this
    },
    /** Something else happens, at that time. */
    take(event: RolloutEvent, at: number) {
      states.push(step(now(), event, at))
      return this
    },
  }
}

function withNews(
  { pythons, newcomers }: { readonly pythons: ReadonlyMap<string, string>; readonly newcomers: readonly string[] },
  { kind, node = '' }: Effect,
  outcome: Outcome,
): Outcome {
  if (outcome.ok && kind === 'discover') return { ok: true, found: { kind, newcomers: [...newcomers] } }
  const python = pythons.get(node)
  if (!outcome.ok || outcome.found?.kind !== 'probe' || python === undefined) return outcome
  return { ok: true, found: { ...outcome.found, python } }
}

/** By kind and node. */
export const failing =
  (...names: readonly string[]) =>
  (effect: Effect) =>
    names.includes(`${effect.kind} ${effect.node}`)
export const away =
  (...names: readonly string[]) =>
  (effect: Effect) =>
    names.includes(`${effect.kind} ${effect.node}`) ? ('unreachable' as const) : false
