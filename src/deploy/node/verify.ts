import { z } from 'zod'
import type { PlannedNode } from '../documents.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { type Rung, rungOfNode } from '../verification.ts'
import { pidfileSource } from './pidfile-source.ts'
import { processSource } from './process-source.ts'
import { lookSource } from './python-script.ts'
import type { PythonLook } from './python-server.ts'
import { resultIn } from './result-line.ts'

const answer = z.union([
  /** The version that the new process tells, as it spells it. */
  z.object({ ok: z.literal(true), version: z.string() }),
  z.object({ ok: z.literal(false), problem: z.string() }),
])

export interface Verification {
  /** The attempt that restarted the service; its mark tells the new process from older ones. */
  readonly activation: string
  /** After a soak: the process that was seen then must be the one that answers now. */
  readonly again: boolean
}

/**
 * Looks at the service on the node until so many looks in a row saw the new process, with one version, and says which; or
 * says why not. HTTP 200 proves nothing, nor does a version alone: an old process may read the new one from the disk. A service
 * that cannot be asked has the version that lies where its process was started from.
 */
export function verifyLook(
  node: PlannedNode,
  { verify, project }: Pick<ServiceDefinition, 'verify' | 'project'>,
  what: Verification,
): PythonLook {
  const rung = rungOfNode(node)
  const run = `${node.root}/.wheelhouse/runs/${what.activation}`
  const argument = {
    root: node.root,
    url: node.url ?? null,
    version: verify.version,
    pid: verify.pid,
    ...standing(node, project),
    // Files stay as they are from one look to the next.
    probes: rung === 'files' ? 1 : verify.probes,
    interval: verify.interval_seconds,
    timeout: rung === 'files' ? 0 : patience(verify, what),
    run,
    again: what.again,
    keeper: node.keeper ?? null,
  }
  return { python: node.python, source: lookSource + pidfileSource + lookSources[rung] + source, argument }
}

/** What those looks need that do not ask the service. */
export function standing({ root, venv, main }: PlannedNode, project: string) {
  return { environment: venv ?? `${root}/current`, project, main: main ?? null }
}

/** How long the service may fail to answer well. A row of good answers is followed to its end, however long it takes. */
function patience(verify: ServiceDefinition['verify'], { again }: Verification): number {
  return again ? Math.min(10, verify.timeout_seconds) : verify.timeout_seconds
}

/** In seconds, for the script from its start to its end: a service that is slow may take 5 s for each answer. */
export function longestVerify(verify: ServiceDefinition['verify']): number {
  const seconds = verify.timeout_seconds + verify.probes * (verify.interval_seconds + 5) + 30
  // Node's timers end at once where their milliseconds do not fit into 31 bits.
  return Math.min(2_000_000, seconds)
}

export function verifyAnswer(output: string): z.infer<typeof answer> | undefined {
  return resultIn(output, answer)
}

/** `look()`: (main process, version, None) or (None, None, sentence). */
const lookSources: Readonly<Record<Rung, string>> = {
  /**
   * The process that stands for the service is the topmost one of those that started after the mark: of a pre-fork server
   * any worker may answer and be replaced, while its main process has to hold still. One that stays through a restart stands for it
   * where the worker that answers is part of it and started after the mark.
   */
  answer: `
def keeper():
    """The main process that stays through a restart, where the service has such a one: (pid, start)."""
    keeper = ARGUMENTS["keeper"] or {}
    if "pidfile" in keeper:
        return running(keeper["pidfile"])
    if "unit" not in keeper:
        return None
    import subprocess
    asked = subprocess.run(["systemctl", "show", "--property=MainPID", "--value", keeper["unit"]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    pid = int(asked.stdout.strip() or 0)
    here = stat(pid)
    return here and (pid, here[1])
def main_process(pid, here):
    stays = keeper()
    if stays is not None and part_of(pid, stays):
        return "%d %d" % stays
    parent = stat(here[0])
    while here[0] > 1 and parent and parent[1] > int(MARK):
        pid, here = here[0], parent
        parent = stat(here[0])
    return "%d %d" % (pid, here[1])
def look():
    version, pid, problem = ask()
    if problem:
        return None, None, problem
    here = stat(pid)
    if here is None:
        return None, None, "%s says it is process %d, but that is not on this node" % (ARGUMENTS["url"], pid)
    if here[1] <= int(MARK):
        stays = keeper()
        ignored = "; its main process %d started no new workers when it was told to reload" % stays[0] if stays and part_of(pid, stays) else ""
        return None, None, "the process that answers (%d, version %s) started before the restart: the old one still runs%s" % (pid, version, ignored)
    return main_process(pid, here), version, None
`,
  process: `${processSource}
VERSION, MISSING = on_disk()
def look():
    if MISSING:
        return None, None, MISSING
    mains, problem = mains_now()
    for main in mains or []:
        problem = problem or trouble_with(main, lambda process: process[1] <= int(MARK))
    return (None, None, problem) if problem else (" ".join("%d %d" % main for main in mains), VERSION, None)
`,
  files: `${processSource}
def look():
    version, problem = on_disk()
    return (None, None, problem) if problem else ("", version, None)
`,
}

/** Who was seen is kept for later probes. */
const source = `
BOOT, MARK = open(ARGUMENTS["run"] + "/mark").read().split()
MAIN = ARGUMENTS["run"] + "/main"
def record(main):
    release = os.path.basename(os.readlink(ARGUMENTS["root"] + "/current"))
    last = recorded()
    predecessor = last.get("predecessor" if last.get("release") == release else "release")
    process = [int(part) for part in main.split()]
    with open(RECORD + ".new", "w") as file:
        json.dump({"release": release, "predecessor": predecessor, "boot": BOOT, "process": process}, file)
    os.replace(RECORD + ".new", RECORD)
def watch():
    """(version, None) or (None, sentence)."""
    if boot() != BOOT:
        return None, "the node was rebooted meanwhile"
    end = time.monotonic() + ARGUMENTS["timeout"]
    good, main, version, problem = 0, None, None, None
    pause = min(0.01, ARGUMENTS["interval"])
    if ARGUMENTS["again"]:
        main = open(MAIN).read()
    while True:
        seen, told, trouble = look()
        if trouble is None and main is not None and seen != main:
            trouble = "the process %s is gone, %s is in its place: the service crashes and is started again" % (main.split()[0], seen.split()[0])
            if ARGUMENTS["again"]:
                return None, trouble
        problem = trouble or problem
        good = 0 if trouble else good + 1 if told == version else 1
        main = main if ARGUMENTS["again"] else seen
        version = told
        if good >= ARGUMENTS["probes"]:
            with open(MAIN, "w") as file:
                file.write(main)
            record(main)
            return version, None
        if good == 0 and time.monotonic() > end:
            return None, problem
        # What is about to start is asked more often, for a moment.
        time.sleep(ARGUMENTS["interval"] if good else pause)
        pause = min(pause * 1.2, ARGUMENTS["interval"])
version, problem = watch()
tell({"ok": True, "version": version} if problem is None else {"ok": False, "problem": problem})
`
