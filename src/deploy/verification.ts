import type { PlannedNode } from './documents.ts'
import { supervisorStatus } from './node/supervisor.ts'
import { fill } from './placeholders.ts'
import type { RestartDefinition } from './restart-definition.ts'
import type { ServiceDefinition } from './service-definition.ts'

/**
 * What a deploy sees before it says that a node runs a release, strongest first. `answer`: a new process that tells its version.
 * `process`: a new process that was started from the release. `files`: that the release lies there, and nothing more.
 */
export const rungs = ['answer', 'process', 'files'] as const

export type Rung = (typeof rungs)[number]

export function rungOf({ url, files }: Pick<ServiceDefinition['verify'], 'url' | 'files'>): Rung {
  if (url !== undefined) return 'answer'
  return files ? 'files' : 'process'
}

export function rungOfNode({ url, main }: Pick<PlannedNode, 'url' | 'main'>): Rung {
  if (url !== undefined) return 'answer'
  return main === undefined ? 'files' : 'process'
}

/** As a rollout has it: absent where the process tells its version. */
export function verifiesOf(verify: ServiceDefinition['verify']): { readonly verifies?: Exclude<Rung, 'answer'> } {
  const rung = rungOf(verify)
  return rung === 'answer' ? {} : { verifies: rung }
}

/** Where a service's main process is found; `undefined` where nothing that the service says tells it. */
export function mainOf(
  { restart, verify }: { readonly restart: RestartDefinition; readonly verify: ServiceDefinition['verify'] },
  values: Readonly<Record<string, string>>,
): PlannedNode['main'] {
  const { systemd, supervisor, config, sudo = false } = restart
  if (verify.pidfile !== undefined) return { pidfile: fill(verify.pidfile, values) }
  if (systemd !== undefined) {
    return { ask: ['systemctl', 'show', '--property=MainPID', '--value', fill(systemd, values)] }
  }
  if (supervisor !== undefined) {
    const file = config === undefined ? undefined : fill(config, values)
    return { ask: [...supervisorStatus({ program: fill(supervisor, values), config: file, sudo })] }
  }
  return restart.pidfile === undefined ? undefined : { pidfile: fill(restart.pidfile, values) }
}

/** Said wherever a node counts as updated, as it is no more than that. */
export const filesOnly = 'verified: files only; nobody looked at a process'
