import { describeFrozen, type Freeze, frozenAt, isPast } from './rollout/freezes.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { freezesOf } from './service-freezes.ts'
import type { ServiceState } from './service-state.ts'

/** The freezes of a service as people are shown them. Pure. */

export interface ShownFreeze {
  readonly source: 'configuration' | 'api'
  /** By which it is thawed; `null` where the configuration has it. */
  readonly id: string | null
  readonly from: string
  readonly until: string
  readonly zone: string
  readonly reason: string | null
  readonly by: string | null
  readonly at: string | null
}

export interface ShownFreezes {
  /** Whether one is on now: until when and why, as a sentence. */
  readonly frozen: string | null
  readonly freezes: readonly ShownFreeze[]
}

/** Those that may still come, from wherever they are. */
export function shownFreezes(
  definition: Pick<ServiceDefinition, 'freezes'>,
  state: Pick<ServiceState, 'freezes'> | undefined,
  now: number,
): ShownFreezes {
  const nobody = { source: 'configuration', id: null, by: null, at: null } as const
  const made = (state?.freezes ?? []).filter((freeze) => !isPast(freeze, now))
  const frozen = frozenAt(freezesOf(definition, state), now)
  return {
    frozen: frozen === undefined ? null : describeFrozen(frozen),
    freezes: [
      ...definition.freezes.filter((freeze) => !isPast(freeze, now)).map((freeze) => ({ ...shown(freeze), ...nobody })),
      ...made.map(({ id, by, at, ...freeze }) => ({ ...shown(freeze), source: 'api' as const, id, by, at })),
    ],
  }
}

function shown({
  from,
  to,
  zone,
  reason = null,
}: Omit<Freeze, 'reason'> & { readonly reason?: string | undefined | null }) {
  return { from, until: to, zone, reason }
}

/** `1a2b3c4d  fri 16:00 to mon 08:00 Europe/Berlin: weekend ("kim")` */
export function describeFreeze({ id, from, until, zone, reason, by }: ShownFreeze): string {
  const why = reason === null ? '' : `: ${reason}`
  return `${id ?? 'configured'}  ${from} to ${until} ${zone}${why}${by === null ? '' : ` ("${by}")`}`
}

/** One that is on, for a list of services. */
export function frozenLine(service: string, { frozen }: ShownFreezes): string {
  return frozen === null ? '' : `\n  ${service} is ${frozen}`
}
