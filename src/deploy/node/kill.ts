import { barePythonScript } from './python-script.ts'

export interface Killing {
  readonly python: string
  readonly root: string
  readonly attempt: string
}

/** Ends a detached run with all that it started; its exit status is then told as that of any other. Harmless where it has ended. */
export function killScript({ python, root, attempt }: Killing): string {
  return barePythonScript(python, source, { run: `${root}/.wheelhouse/runs/${attempt}` })
}

/**
 * The run leads a session (setsid), in which `timeout` makes a group of its own. The leader itself is left: it writes
 * down how the rest ended.
 */
const source = `
import signal, time
def stat(pid):
    try:
        return open("/proc/%s/stat" % pid, errors="replace").read().rpartition(")")[2].split()
    except OSError:
        return None
def members(leader):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = stat(pid)
        if fields and fields[0] not in "ZX" and int(fields[3]) == leader and int(pid) != leader:
            found.append(int(pid))
    return found
def end(leader, how):
    for pid in members(leader):
        try:
            os.kill(pid, how)
        except OSError:
            pass
def main():
    try:
        leader, start, boot = open(ARGUMENTS["run"] + "/started/process").read().split()
    except OSError:
        return "it had not begun"
    if os.path.exists(ARGUMENTS["run"] + "/exit"):
        return "it had ended"
    fields = stat(leader)
    if fields is None or fields[19] != start or boot != open("/proc/sys/kernel/random/boot_id").read().strip():
        return "it had ended"
    end(int(leader), signal.SIGTERM)
    for _ in range(50):
        if not members(int(leader)):
            return "it was ended"
        time.sleep(0.1)
    end(int(leader), signal.SIGKILL)
    return "it was killed"
tell(main())
`
