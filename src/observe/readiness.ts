import type { Clock } from '../clock.ts'

/** Something that the server needs: throws where it is away. */
export interface Dependency {
  readonly name: string
  /** Without it nothing can be served; without the others something can. */
  readonly required: boolean
  readonly check: () => Promise<unknown>
}

export interface Readiness {
  readonly ready: boolean
  /** By name. Anybody may ask, so no address and no reason: the log has those. */
  readonly dependencies: Readonly<Record<string, 'ok' | 'away' | 'no answer'>>
}

const patience = 2_000

export async function readinessOf(dependencies: readonly Dependency[], clock: Clock): Promise<Readiness> {
  const states = await Promise.all(dependencies.map(async (one) => ({ ...one, state: await stateOf(one, clock) })))
  return {
    ready: states.every(({ required, state }) => !required || state === 'ok'),
    dependencies: Object.fromEntries(states.map(({ name, state }) => [name, state])),
  }
}

async function stateOf({ check }: Dependency, clock: Clock): Promise<'ok' | 'away' | 'no answer'> {
  const done = new AbortController()
  const late = clock.sleep(patience, done.signal).then(() => 'no answer' as const)
  const checked = check().then(
    () => 'ok' as const,
    () => 'away' as const,
  )
  const state = await Promise.race([checked, late])
  done.abort()
  return state
}
