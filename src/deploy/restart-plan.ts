import type { PlannedNode } from './documents.ts'
import { commandLine, quote } from './node/shell.ts'
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
  const manager = managerOf(restart, values)
  const { argv, status } = manager
  // Without -n sudo would wait for a password that nobody types.
  const line = commandLine(restart.sudo ? ['sudo', '-n', ...argv] : argv)
  const sudoers = restart.sudo ? [sudoersHint(argv)] : []
  const explain = [`${commandLine(status)} 2>&1 || :`, ...sudoers].join('\n')
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
  pidfile,
  command = [],
  start = [],
  check = [],
}: RestartDefinition): readonly string[] {
  return [systemd, supervisor, pidfile, ...command, ...start, ...check].flatMap((text) => text ?? [])
}

function managerOf({ systemd, supervisor, reload }: RestartDefinition, values: Readonly<Record<string, string>>) {
  if (supervisor !== undefined) {
    const program = fill(supervisor, values)
    return { argv: ['supervisorctl', 'restart', program], status: ['supervisorctl', 'status', program] }
  }
  const unit = fill(systemd ?? '', values)
  return {
    // One that does not run cannot be reloaded: a bad release may have ended it.
    argv: ['systemctl', reload ? 'reload-or-restart' : 'restart', unit],
    status: ['systemctl', '--no-pager', '--lines=10', 'status', unit],
  }
}

/** Whoever has no line in sudoers is told which one, with the words that sudo compares. */
function sudoersHint(argv: readonly string[]): string {
  const [program = '', ...rest] = argv
  return `if ! sudo -n -l ${commandLine(argv)} >/dev/null 2>&1; then
  echo "sudo does not let $(id -un) do this without a password. In /etc/sudoers.d/wheelhouse on this node there should be:"
  echo "$(id -un) ALL=(root) NOPASSWD: $(command -v ${quote(program)} || echo ${quote(`/usr/bin/${program}`)}) "${quote(rest.join(' '))}
fi`
}
