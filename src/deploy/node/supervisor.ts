import { commandLine } from './shell.ts'
import { sudoersHint } from './sudoers.ts'

/** A program of supervisord, as supervisorctl (4.x) restarts it. */
export interface SupervisorProgram {
  readonly program: string
  /** The configuration that supervisorctl reads; where it looks by itself when left out. */
  readonly config: string | undefined
  readonly sudo: boolean
}

/** The words that restart it, and shell that tells more where they failed. */
export function supervisorRestart({ program, config, sudo }: SupervisorProgram) {
  const [restart, status] = [control(config, 'restart', program), control(config, 'status', program)]
  return { argv: restart, explain: sudo ? toldBySudo(restart, status) : toldWithoutSudo(status) }
}

/** The words that print a line for each of its processes, with its number where it runs. */
export function supervisorStatus({ program, config, sudo }: SupervisorProgram): readonly string[] {
  const status = control(config, 'status', program)
  return sudo ? ['sudo', '-n', ...status] : status
}

function control(config: string | undefined, verb: string, program: string): readonly string[] {
  return ['supervisorctl', ...(config === undefined ? [] : ['-c', config]), verb, program]
}

/**
 * The socket of supervisord is root's alone where nobody said otherwise (0700), and refuses whoever restarts by sudo and asks
 * without. Where that is not allowed the words of the restart have to do.
 */
function toldBySudo(restart: readonly string[], status: readonly string[]): string {
  return `if sudo -n -l ${commandLine(status)} >/dev/null 2>&1; then
${told(['sudo', '-n', ...status])}
fi
${sudoersHint([restart, status])}`
}

/** A shell says in words of its own that there is no such program, and other words where a folder of the PATH is closed to it. */
function toldWithoutSudo(status: readonly string[]): string {
  return `if command -v supervisorctl >/dev/null; then
${told(status)}
else
  echo "supervisorctl is on no PATH of $(id -un) over SSH: link it into /usr/local/bin on this node."
fi`
}

/**
 * What its status says, and what a person is to do where it is not the program that is at fault. Told by supervisorctl's words: it
 * ends with 7 for a program that did not start and for a socket that is missing, with 1 for a name that is not known and
 * for a socket that is somebody else's.
 */
function told(status: readonly string[]): string {
  const names = `${commandLine(status.slice(0, -1))} 2>/dev/null | cut -d' ' -f1 | paste -sd' ' -`
  return `told=$(${commandLine(status)} 2>&1) || :
printf '%s\\n' "$told"
case $told in
  *'(no such process)'* | *'(no such group)'*)
    names=$(${names})
    echo "supervisord has \${names:-what supervisorctl status shows}. Name one in restart.supervisor, or all of GROUP:NAME as GROUP:*; supervisorctl update makes it read its files anew." ;;
  *' no such file' | *' refused connection')
    echo "No supervisord listens there. Start it on this node (systemctl start supervisor), or name the file that it was started with in restart.config." ;;
  *' config file '*)
    echo "In restart.config name the file that supervisord was started with on this node, which $(id -un) has to be able to read." ;;
  *'Permission denied'*)
    echo "The socket of supervisord is not for $(id -un): give it to that user by chown= in [unix_http_server], or set restart.sudo: true." ;;
esac`
}
