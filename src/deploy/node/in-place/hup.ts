import { pidfileSource } from '../pidfile-source.ts'
import { barePythonScript, lookSource } from '../python-script.ts'

export interface Signalling {
  readonly python: string
  readonly root: string
  readonly pidfile: string
  /** Shell that starts the service where no process is there to be signalled. */
  readonly start: string | undefined
  /** How the service is asked which process answers, as `lookSource` has it, where it can be. */
  readonly url: string | undefined
  readonly version: string
  readonly pid: string
}

/**
 * Sends HUP to the main process of a service, and to no other: it starts new workers, which load what is in the environment
 * now. One whose workers cannot start may end as a whole, as gunicorn does; the way back then starts it again.
 */
export function hupScript({ python, start, url, ...rest }: Signalling): string {
  return barePythonScript(python, lookSource + pidfileSource + source, {
    ...rest,
    url: url ?? null,
    start: start ?? null,
  })
}

const source = `
import signal
PIDFILE, START = ARGUMENTS["pidfile"], ARGUMENTS["start"]
def was_seen(main):
    seen = recorded()
    return seen.get("boot") == boot() and seen.get("process") == list(main)
def wrote_the_file(main):
    """Whether the file is no older than the process."""
    written = time.time() - os.stat(PIDFILE).st_mtime
    if written < -60:
        # Whoever cannot tell must neither end a stranger (HUP does, where it is not caught) nor start the service twice.
        sys.exit("%s was written in the future by this node's clock, and the service does not answer: whether the process %d is it cannot be told, so nothing was signalled or started. Set the clock; if that process is not the service remove the file; and promote again." % (PIDFILE, main[0]))
    return written < age_of(main[1]) + 60
def is_other(main):
    """Whether nothing of the service is left, and the number in the file has gone to another process."""
    told, pid, problem = ask()
    if pid is None:
        return not was_seen(main) and not wrote_the_file(main)
    if not part_of(pid, main):
        sys.exit("%d of %s gets no signal: %s is answered by the process %d, which is no part of it." % (main[0], PIDFILE, ARGUMENTS["url"], pid))
    return False
def who_answers():
    """The process that still does after a while, or None: workers may outlive their main process by a moment."""
    for _ in range(6):
        told, pid, problem = ask()
        if pid is None:
            return None
        time.sleep(0.5)
    return pid
def begin():
    if START is None:
        sys.exit("%s names no process that runs, and a signal starts none: start the service by its own means and promote again, or say in restart.start how it is started." % PIDFILE)
    pid = who_answers()
    if pid is not None:
        sys.exit("%s names no process that runs, yet %s is answered by the process %d: nothing is started beside it. Let the service write its main process there (gunicorn --pid), or set restart.pidfile to the file that it writes." % (PIDFILE, ARGUMENTS["url"], pid))
    print("%s names no process that runs: starting the service: %s" % (PIDFILE, START), flush=True)
    os.execvp("sh", ["sh", "-c", START])
main = running(PIDFILE)
if main is None or is_other(main):
    begin()
try:
    os.kill(main[0], signal.SIGHUP)
    print("HUP was sent to %d." % main[0])
except ProcessLookupError:
    begin()
except PermissionError:
    sys.exit("The process %d of %s runs as another user, who alone may signal it. Log in as that one (ssh.user), or restart by another style." % (main[0], PIDFILE))
`
