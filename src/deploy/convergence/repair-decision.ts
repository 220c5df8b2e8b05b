import type { ServiceState } from '../service-state.ts'
import { isBusy, type Standing } from './observation.ts'

const mark = '-repair-'
const hour = 3_600_000

/** Its deploy's id, so that whoever sees the same drift asks for the same deploy. */
export function repairId(service: string, channel: string, serial: number, digest: string): string {
  return `${service}.${channel}.${serial}${mark}${digest}`
}

export function isRepair(deploy: string): boolean {
  return deploy.includes(mark)
}

/** After these a person is to look, and what they left on the nodes is what is to be looked at. */
const unfinished: readonly string[] = ['failed', 'rollback_failed']

/**
 * Which nodes a deploy is to repair now; none where it could not help, a person holds the service, or the last repair is
 * to be looked at first: one that failed is not tried over and over, nor one that changed nothing more than once an hour.
 */
export function toRepair(state: ServiceState, nodes: readonly Standing[], now: number): readonly string[] {
  const [last] = state.recent
  if (isBusy(state) || state.hold !== undefined || state.automaticHold !== undefined) return []
  const deployed = state.recent.find(({ deploy, phase }) => !isRepair(deploy) && phase !== 'superseded')
  if (deployed !== undefined && unfinished.includes(deployed.phase)) return []
  if (last !== undefined && isRepair(last.deploy)) {
    if (last.phase !== 'succeeded' || Math.abs(now - Date.parse(last.at)) < hour) return []
  }
  return nodes.filter(({ standing }) => standing !== 'ok' && standing !== 'unreachable').map(({ name }) => name)
}
