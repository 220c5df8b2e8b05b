import type { Phase } from '../../deploy/rollout/model.ts'

/** What CI tells apart by. 2 also where the server does not take the request: no such release, no permission. */
export const exitCodes = {
  stable: 0,
  failed: 1,
  usage: 2,
  rolledBack: 3,
  superseded: 4,
  aborted: 5,
  blocked: 6,
  stillRunning: 7,
} as const

const codeOfPhase: Readonly<Partial<Record<Phase, number>>> = {
  succeeded: exitCodes.stable,
  failed: exitCodes.failed,
  rollback_failed: exitCodes.failed,
  rolled_back: exitCodes.rolledBack,
  aborted: exitCodes.aborted,
  superseded: exitCodes.superseded,
  gated: exitCodes.blocked,
  expired: exitCodes.blocked,
}

const worstFirst = [
  exitCodes.failed,
  exitCodes.rolledBack,
  exitCodes.aborted,
  exitCodes.superseded,
  exitCodes.blocked,
  exitCodes.stillRunning,
  exitCodes.stable,
] as const

/** Of several deploys the worst decides. Of none, all is as asked for. */
export function exitCodeOf(phases: readonly Phase[]): number {
  const codes = phases.map((phase) => codeOfPhase[phase] ?? exitCodes.stillRunning)
  return worstFirst.find((code) => codes.includes(code)) ?? exitCodes.stable
}

/** Of a request that was refused, by its status: 409 says that something stands in the way which may be gone later. */
export function exitCodeOfStatus(status: number): number {
  if (status === 409) return exitCodes.blocked
  return status >= 400 && status < 500 && status !== 429 ? exitCodes.usage : exitCodes.failed
}
