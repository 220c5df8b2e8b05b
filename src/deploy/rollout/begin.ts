import type { Rollout } from './model.ts'

/** A deploy before anything of it was done. */
export function newRollout(
  of: Pick<Rollout, 'deploy' | 'service' | 'project' | 'version' | 'nonce'>,
  createdAt: number,
): Rollout {
  return {
    ...of,
    phase: 'queued',
    fence: 0,
    decided: 0,
    maxUnavailable: 1,
    soakSeconds: 0,
    nodes: [],
    locks: {},
    effects: [],
    createdAt,
  }
}
