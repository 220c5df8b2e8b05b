import { z } from 'zod'
import type { PlannedNode } from '../documents.ts'
import type { Installer } from './find-uv.ts'
import { pythonScript } from './python-script.ts'
import { resultIn } from './result-line.ts'
import { commandLine } from './shell.ts'

const answer = z.object({
  python: z.string(),
  uv: z.string().optional(),
  pip: z.string().optional(),
  freeBytes: z.number(),
  /** Of the first word of the restart command, or what sudo says. */
  restart: z.enum(['there', 'missing', 'not allowed']),
  /** Of the words that tell its main process; absent where it is not found by words. */
  main: z.enum(['there', 'missing', 'not allowed']).optional(),
  /** Of the environment that is upgraded in place; absent with the layout `releases`. */
  venv: z.enum(['absent', 'writable', 'not writable']).optional(),
  /** Whether the SSH user may write where the service lives, or where its folder would be made. */
  writable: z.boolean(),
})

export type Readiness = z.infer<typeof answer>

/** Looks for what a deploy will need on a node; changes nothing, and starts nothing but `--version`s and `sudo -l`. */
export function readinessScript({
  python,
  root,
  restart,
  pidfile,
  venv,
  main,
}: Pick<PlannedNode, 'python' | 'root' | 'restart' | 'pidfile' | 'venv' | 'main'>): string {
  return pythonScript(python, source, { root, restart, pidfile, venv, main: askLine(main) })
}

function askLine(main: PlannedNode['main']): string | undefined {
  return main !== undefined && 'ask' in main ? commandLine(main.ask) : undefined
}

export function readinessIn(output: string): Readiness | undefined {
  return resultIn(output, answer)
}

/** Less would not hold a small environment. */
const littleBytes = 200 * 1024 * 1024

/** What a deploy will meet there, and what stands in its way, for people. */
export function describeReadiness(
  { python, uv, pip, freeBytes, restart, main, writable, venv }: Readiness,
  wanted: {
    readonly installer: Installer
    readonly node: Pick<PlannedNode, 'root' | 'restart' | 'pidfile' | 'venv' | 'main'>
  },
): { readonly notes: readonly string[]; readonly warnings: readonly string[] } {
  const byUv = wanted.installer !== 'pip' && uv !== undefined
  const found = byUv ? `uv ${uv}` : pip === undefined ? undefined : `pip ${pip}`
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`
  const { root } = wanted.node
  const warnings = [
    ...(found === undefined
      ? ['neither uv nor pip was found; the first deploy makes a pip of its own, by ensurepip']
      : []),
    ...(wanted.installer === 'uv' && uv === undefined
      ? ['uv is asked for and is not there; it is got from the indexes']
      : []),
    ...(freeBytes < littleBytes ? [`only ${(freeBytes / 1024 ** 2).toFixed(0)} MiB are free at ${root}`] : []),
    ...(writable ? [] : [`${root} cannot be written by the SSH user: make it, and give it to that user`]),
    ...(venv === 'not writable' ? [`${wanted.node.venv} cannot be written by the SSH user: give it to that user`] : []),
    ...(restart === 'missing' ? [missing(wanted.node)] : []),
    ...(main === 'missing' ? [`what tells the main process is not there: ${askLine(wanted.node.main)}`] : []),
    ...(main === 'not allowed'
      ? [`sudo does not allow to ask for the main process without a password: ${askLine(wanted.node.main)}`]
      : []),
    ...(restart === 'not allowed' ? [`sudo does not allow it without a password: ${wanted.node.restart}`] : []),
  ]
  const making = venv === 'absent' ? [`makes ${wanted.node.venv}`] : []
  return { notes: [`python ${python}`, ...(found === undefined ? [] : [found]), free, ...making], warnings }
}

function missing({ restart, pidfile }: Pick<PlannedNode, 'restart' | 'pidfile'>): string {
  if (pidfile !== undefined)
    return `no process to signal: ${pidfile} is not there; start the service before its first deploy ends`
  return `the restart command is not there: ${restart}`
}

const source = `
import shutil, subprocess
def said(words):
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
def second_word(candidates):
    for words in candidates:
        done = said(words)
        if done is not None and done.returncode == 0 and len(done.stdout.split()) > 1:
            return done.stdout.split()[1].decode()
root, home = ARGUMENTS["root"], os.path.expanduser("~")
place = root
while not os.path.isdir(place):
    place = os.path.dirname(place)
uvs = ("uv", home + "/.local/bin/uv", home + "/.cargo/bin/uv", root + "/.wheelhouse/uv/bin/uv")
pips = (sys.executable, "python3", "/usr/bin/python3", root + "/.wheelhouse/pip/bin/python")
# The line is quoted, so that these are its words; what stands before the command itself is not run.
def at_hand(line):
    look = 'set -- %s\\ncase $1 in sudo) shift; [ "$1" = -n ] && shift; sudo -n -l -- "$@" ;; *) command -v -- "$1" ;; esac' % line
    allowed = said(["sh", "-c", look])
    if allowed is not None and allowed.returncode == 0:
        return "there"
    return "not allowed" if line.lstrip("'").startswith("sudo") else "missing"
pidfile, venv, main = ARGUMENTS.get("pidfile"), ARGUMENTS.get("venv"), ARGUMENTS.get("main")
signalled = pidfile and ("there" if os.path.exists(pidfile) else "missing")
found = {
    "python": sys.version.split()[0],
    "uv": second_word([uv, "--version"] for uv in uvs),
    "pip": second_word([python, "-m", "pip", "--version"] for python in pips),
    "freeBytes": shutil.disk_usage(place).free,
    "writable": os.access(place, os.W_OK | os.X_OK),
    "venv": None if venv is None else "absent" if not os.path.exists(venv) else "writable" if os.access(venv, os.W_OK) else "not writable",
    "restart": signalled or at_hand(ARGUMENTS["restart"]),
    "main": main and at_hand(main),
}
tell({key: value for key, value in found.items() if value is not None})
`
