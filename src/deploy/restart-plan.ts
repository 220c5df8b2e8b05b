import type { PlannedNode } from './documents.ts'
import { commandLine } from './node/shell.ts'
import { sudoersHint } from './node/sudoers.ts'
import { supervisorRestart } from './node/supervisor.ts'
import { fill } from './placeholders.ts'
import type { RestartDefinition } from './restart-definition.ts'

type PlannedRestart = Pick<PlannedNode, 'restart' | 'explain' | 'pidfile' | 'signal' | 'keeper' | 'start' | 'check'>

/** How a node's service is restarted, with the placeholders filled in. */
export function restartOf(restart: RestartDefinition, values: Readonly<Record<string, string>>): PlannedRestart {
  const line = (words: readonly string[]) => commandLine(words.map((word) => fill(word, values)))
  const { command, check, start } = restart
  return {
    ...(command === undefined ? styleOf(restart, values) : { restart: line(command), ...keeperOf(restart, values) }),
    ...(check === undefined ? {} : { check: line(check) }),
    ...(start === undefined ? {} : { start: line(start) }),
  }
}

function styleOf(restart: RestartDefinition, values: Readonly<Record<string, string>>): PlannedRestart {
  const { signal } = restart
  if (restart.pidfile !== undefined && signal !== undefined) {
    const pidfile = fill(restart.pidfile, values)
    return { restart: `${signal} to the process of ${pidfile}`, pidfile, signal, ...keeperOf(restart, values) }
  }
  const { argv, explain } = managerOf(restart, values)
  // Without -n sudo would wait for a password that nobody types.
  const line = commandLine(restart.sudo ? ['sudo', '-n', ...argv] : argv)
  return { restart: line, explain, ...keeperOf(restart, values) }
}

/** The main process that stays, where the style leaves one. */
function keeperOf(
  { systemd, reload, signal, pidfile }: RestartDefinition,
  values: Readonly<Record<string, string>>,
): Pick<PlannedNode, 'keeper'> {
  if (reload && systemd !== undefined) return { keeper: { unit: fill(systemd, values) } }
  return pidfile === undefined || signal === 'USR2' ? {} : { keeper: { pidfile: fill(pidfile, values) } }
}

/** Everything of it in which placeholders may stand. */
export function restartTexts({
  systemd,
  supervisor,
  config,
  pidfile,
  command = [],
  start = [],
  check = [],
}: RestartDefinition): readonly string[] {
  return [systemd, supervisor, config, pidfile, ...command, ...start, ...check].flatMap((text) => text ?? [])
}

function managerOf(restart: RestartDefinition, values: Readonly<Record<string, string>>) {
  const { systemd = '', supervisor, config, reload, sudo = false } = restart
  if (supervisor !== undefined) {
    const file = config === undefined ? undefined : fill(config, values)
    return supervisorRestart({ program: fill(supervisor, values), config: file, sudo })
  }
  const unit = fill(systemd, values)
  // One that does not run cannot be reloaded: a bad release may have ended it.
  const argv = ['systemctl', reload ? 'reload-or-restart' : 'restart', unit]
  const status = `${commandLine(['systemctl', '--no-pager', '--lines=10', 'status', unit])} 2>&1 || :`
  return { argv, explain: [status, ...(sudo ? [sudoersHint([argv])] : [])].join('\n') }
}
