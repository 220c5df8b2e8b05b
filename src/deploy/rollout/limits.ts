import type { FailurePolicy, Limits } from './model.ts'
import { waveSizes } from './waves.ts'

/** A number of nodes, or a share of the fleet: `10%`. */
export type Amount = number | string

/** As a service has it. */
export interface RolloutPolicy {
  readonly max_unavailable: Amount
  readonly max_failures: Amount
  readonly max_unreachable: Amount
  readonly on_failure: FailurePolicy
  readonly soak_seconds: number
  readonly wave_soak_seconds?: number | undefined
  readonly waves?: readonly Amount[] | undefined
  readonly canary?: readonly string[] | undefined
}

/** What is seen of nodes, where it is less than a process that tells its version. */
const seenTexts = {
  process: 'verified by a new process of the release, which tells no version',
  files: 'verified by files only, nobody looks at a process',
} as const

/** What a policy means for a fleet of so many nodes. Counted once, for the whole deploy: nodes that drop out change none of it. */
export function limitsFor(policy: RolloutPolicy, count: number): Limits {
  const { waves, canary, wave_soak_seconds: waveSoakSeconds } = policy
  return {
    maxUnavailable: Math.max(1, allowedOf(policy.max_unavailable, count)),
    maxFailures: allowedOf(policy.max_failures, count),
    maxUnreachable: allowedOf(policy.max_unreachable, count),
    onFailure: policy.on_failure,
    soakSeconds: policy.soak_seconds,
    ...(waveSoakSeconds === undefined ? {} : { waveSoakSeconds }),
    ...(waves === undefined ? {} : { waves: waves.map((wave) => waveOf(wave, count)) }),
    ...(canary === undefined ? {} : { canary: [...canary] }),
  }
}

/** Rounded down: of 10 nodes 15% allow one, not two. */
export function allowedOf(amount: Amount, count: number): number {
  return Math.floor(share(amount, count))
}

/** Rounded up: a wave is of one node at least. */
export function waveOf(amount: Amount, count: number): number {
  return Math.max(1, Math.ceil(share(amount, count)))
}

function share(amount: Amount, count: number): number {
  return typeof amount === 'number' ? amount : (Number.parseInt(amount, 10) * count) / 100
}

/** The arithmetic as a sentence, so that nobody has to do it at night. */
export function arithmetic(limits: Limits, count: number): string {
  const { maxUnavailable, maxFailures = 0, maxUnreachable = 0, onFailure, verifies } = limits
  const verb = onFailure === 'pause' ? 'pauses' : 'stops'
  return [
    `${count} ${count === 1 ? 'node' : 'nodes'}: ${wavesText(limits, count)}`,
    `at most ${maxUnavailable} out of service at a time`,
    `${verb} at the ${ordinal(maxFailures + 1)} failure`,
    `${maxUnreachable} unreachable allowed`,
    ...(verifies === undefined ? [] : [seenTexts[verifies]]),
  ].join('; ')
}

function wavesText(limits: Limits, count: number): string {
  const [first, ...others] = waveSizes(limits, count)
  if (others.length === 0) return 'one wave'
  const { canary = [] } = limits
  return `waves of ${[`${first}${canary.length > 0 ? ` (${canary.join(', ')})` : ''}`, ...others].join(', ')}`
}

function ordinal(number: number): string {
  const [tens, ones] = [number % 100, number % 10]
  const end = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][ones] ?? 'th')
  return `${number}${end}`
}
