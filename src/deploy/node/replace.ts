import { pidfileSource } from './pidfile-source.ts'
import { barePythonScript, lookSource } from './python-script.ts'

export interface Replacing {
  readonly python: string
  readonly root: string
  readonly pidfile: string
  /** How the service is asked which process answers, as `lookSource` has it. */
  readonly url: string
  readonly version: string
  readonly pid: string
  readonly seconds: number
}

/**
 * Replaces a process that answers USR2 as gunicorn does: it starts a successor beside itself, on the same sockets, which is in
 * `<pidfile>.2` until its predecessor has ended. The old one is ended only when the successor was seen to answer: one that
 * cannot start takes nothing down. Run again after it was cut off it ends the successor that was left, and begins anew.
 */
export function replaceScript({ python, seconds, ...rest }: Replacing): string {
  // Before the node's own limit comes: what is told then says nothing.
  return barePythonScript(python, lookSource + pidfileSource + source, { ...rest, seconds: Math.max(1, seconds - 5) })
}

const source = `
import signal
PIDFILE, END = ARGUMENTS["pidfile"], time.monotonic() + ARGUMENTS["seconds"]
def lives(process):
    here = stat(process[0])
    return here is not None and here[1] == process[1]
def send(process, how):
    try:
        os.kill(process[0], how)
    except ProcessLookupError:
        pass
    except PermissionError:
        sys.exit("The process %d of %s runs as another user, who alone may signal it. Log in as that one (ssh.user), or restart by another style." % (process[0], PIDFILE))
def ended(process):
    while lives(process):
        if time.monotonic() > END:
            return False
        time.sleep(0.05)
    return True
def finish(process):
    send(process, signal.SIGTERM)
    if not ended(process):
        print("The process %d did not end in time, and was killed." % process[0])
        send(process, signal.SIGKILL)
def successor_of(old):
    for path in (PIDFILE + ".2", PIDFILE):
        found = running(path)
        if found is not None and found != old:
            return found
    return None
def started(old):
    new, problem = None, "no process of its own appeared in %s.2" % PIDFILE
    while time.monotonic() < END:
        if not lives(old):
            sys.exit("The process %d ended when it got USR2: it does not start a successor on that signal. Restart by another style." % old[0])
        new = new or successor_of(old)
        if new is not None:
            if not lives(new):
                sys.exit("The new process %d ended again; the old one still serves. Why is in the log of the service." % new[0])
            told, pid, problem = ask()
            if pid is not None and part_of(pid, new):
                return new
            problem = problem or "the process %d still answers in its place" % pid
        # One that cannot start is there for a moment only.
        time.sleep(0.01 if new is None else 0.05)
    sys.exit("USR2 was sent to %d, but no new process came to answer: %s. The old one still serves." % (old[0], problem))
def interrupted(*_):
    sys.exit("Ended before the new process answered.")
def promote(process):
    # One that came in place of another takes no USR2 before it has noticed that it is alone: then it renames its pid file.
    until = min(END, time.monotonic() + 10)
    while running(PIDFILE) != process and time.monotonic() < until:
        time.sleep(0.05)
def unseen(parent):
    """Whether a child of it ended, and it has not asked how (wait(2)): a dead process that is still listed."""
    for name in os.listdir("/proc"):
        try:
            fields = open("/proc/%s/stat" % name, errors="replace").read().rpartition(")")[2].split() if name.isdigit() else ("", "")
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == parent[0]:
            return True
    return False
def seen(old):
    # Until it has seen the end of one successor it starts no other, and forgets that it was asked to.
    until = min(END, time.monotonic() + 10)
    while unseen(old) and time.monotonic() < until:
        time.sleep(0.05)
def replace():
    first, second = running(PIDFILE), running(PIDFILE + ".2")
    old = first or second
    if old is None:
        sys.exit("%s names no process that runs, and a signal starts none: start the service by its own means, from current, and promote again." % PIDFILE)
    if first and second and first != second:
        print("A successor that was left by an earlier attempt is ended: %d." % second[0])
        finish(second)
    seen(old)
    promote(old)
    signal.signal(signal.SIGTERM, interrupted)
    send(old, signal.SIGUSR2)
    try:
        new = started(old)
    except SystemExit:
        left = successor_of(old) if lives(old) else None
        if left is not None:
            send(left, signal.SIGTERM)
        raise
    print("%d answers in place of %d, which is told to end." % (new[0], old[0]))
    finish(old)
replace()
`
