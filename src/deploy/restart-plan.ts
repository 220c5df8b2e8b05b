import type { PlannedNode } from './documents.ts'
import { commandLine, quote } from './node/shell.ts'
import { fill } from './placeholders.ts'
import type { RestartDefinition } from './restart-definition.ts'

/** How a node's service is restarted, with the placeholders filled in. */
export function restartOf(
  restart: RestartDefinition,
  values: Readonly<Record<string, string>>,
): Pick<PlannedNode, 'restart' | 'explain' | 'pidfile'> {
  if (restart.command !== undefined) return { restart: commandLine(restart.command.map((word) => fill(word, values))) }
  if (restart.pidfile !== undefined) {
    const pidfile = fill(restart.pidfile, values)
    return { restart: `USR2 to the process of ${pidfile}`, pidfile }
  }
  const manager = managerOf(restart, values)
  const { argv, status } = manager
  // Without -n sudo would wait for a password that nobody types.
  const line = commandLine(restart.sudo ? ['sudo', '-n', ...argv] : argv)
  const sudoers = restart.sudo ? [sudoersHint(argv)] : []
  return { restart: line, explain: [`${commandLine(status)} 2>&1 || :`, ...sudoers].join('\n') }
}

/** Everything of it in which placeholders may stand. */
export function restartTexts({ systemd, supervisor, pidfile, command = [] }: RestartDefinition): readonly string[] {
  return [systemd, supervisor, pidfile, ...command].flatMap((text) => text ?? [])
}

function managerOf({ systemd, supervisor }: RestartDefinition, values: Readonly<Record<string, string>>) {
  if (supervisor !== undefined) {
    const program = fill(supervisor, values)
    return { argv: ['supervisorctl', 'restart', program], status: ['supervisorctl', 'status', program] }
  }
  const unit = fill(systemd ?? '', values)
  return {
    argv: ['systemctl', 'restart', unit],
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
