import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface ServiceManagers {
  /** To be first on the PATH. */
  readonly bin: string
  /** What was asked of them, in order, each a line. */
  calls(): readonly string[]
}

/** The one unit that they know. */
export interface ManagedUnit {
  /** Shell that ends what runs of it, and starts it anew. */
  readonly restart: string
  /** Names the main process. */
  readonly pidfile: string
  /** Its ExecReload, with `$MAINPID`. One that has none cannot be reloaded. */
  readonly reload?: string
}

/**
 * Strict doubles of sudo and, where there is a unit, of systemctl for a machine where no systemd is PID 1. They know one unit,
 * `app`, and only the calls that are written down here, with the answers and exit statuses of systemd 252 and sudo 1.9;
 * whatever else is asked ends with 64, which no test expects.
 */
export async function serviceManagers(folder: string, unit: ManagedUnit | undefined, sudoers: readonly string[]) {
  const bin = join(folder, 'managers')
  const calls = join(folder, 'calls')
  await mkdir(bin)
  await writeFile(calls, '')
  const programs = { ...(unit && { systemctl: systemctl(unit) }), sudo: sudo(sudoers) }
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${calls}'\n${text}`)
    await chmod(join(bin, name), 0o755)
  }
  return { bin, calls: () => readFileSync(calls, 'utf8').trim().split('\n') } satisfies ServiceManagers
}

/**
 * Whom sudo did not call is somebody whom systemd asks for a password, and nobody is there to type one. To show asks nobody's leave,
 * and of a unit that does not exist it shows what an idle one has. A reload that fails leaves the process as it is; it does
 * not become a restart, which is for units that are not running or have no reload.
 */
function systemctl({ restart, pidfile, reload }: ManagedUnit): string {
  return `verb=$1
main() {
  pid=$(cat '${pidfile}' 2>/dev/null) && [ -n "$pid" ] && grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null && echo "$pid" || echo 0
}
failed() { printf '%s\\n' "Job for app.service failed$1." 'See "systemctl status app.service" and "journalctl -xeu app.service" for details.' >&2; exit 1; }
allowed() {
  if [ -z "$SUDO_USER" ]; then echo "Failed to $verb app.service: Interactive authentication required." >&2; exit 1; fi
}
started() { { ${restart}; } >/dev/null 2>&1 || failed ' because the control process exited with error code'; }
case "$*" in
  'restart app' | 'restart app.service') allowed; started ;;
  'reload-or-restart app' | 'reload-or-restart app.service')
    allowed
    MAINPID=$(main)
    ${reload === undefined ? 'started' : `if [ "$MAINPID" = 0 ]; then started; else { ${reload}; } >/dev/null 2>&1 || failed; fi`} ;;
  'restart '* | 'reload-or-restart '*) echo "Failed to $1 $2.service: Unit $2.service not found." >&2; exit 5 ;;
  '--no-pager --lines=10 status app')
    if [ "$(main)" != 0 ]; then echo '     Active: active (running)'; exit 0; fi
    echo '     Active: failed (Result: exit-code)'; exit 3 ;;
  '--no-pager --lines=10 status '*) echo "Unit $4.service could not be found." >&2; exit 4 ;;
  'show --property=MainPID --value app' | 'show --property=MainPID --value app.service')
    echo 'Warning: The unit file of app.service changed on disk.' >&2
    main ;;
  'show --property=MainPID --value '*) echo 0 ;;
  *) echo "this double knows no systemctl $*" >&2; exit 64 ;;
esac
`
}

/** Only with -n, and only the lines of sudoers, word for word. */
function sudo(sudoers: readonly string[]): string {
  const allowed = sudoers.length === 0 ? "''" : sudoers.map((line) => `'${line}'`).join(' | ')
  return `[ "$1" = -n ] || { echo 'this double knows sudo -n alone' >&2; exit 64; }
shift
lists=; if [ "$1" = -l ]; then lists=1; shift; fi
case "$*" in
  ${allowed}) ;;
  *) echo 'sudo: a password is required' >&2; exit 1 ;;
esac
if [ -n "$lists" ]; then echo "$*"; exit 0; fi
SUDO_USER=$(id -un) exec "$@"
`
}
