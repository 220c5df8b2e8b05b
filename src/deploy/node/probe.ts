import { z } from 'zod'
import type { PlannedNode } from '../documents.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { type Rung, rungOfNode } from '../verification.ts'
import { currentSource } from './current-source.ts'
import { adoptedPrefix } from './in-place/download.ts'
import { inPlaceSource } from './in-place/look.ts'
import { pidfileSource } from './pidfile-source.ts'
import { processSource } from './process-source.ts'
import { lookSource } from './python-script.ts'
import type { PythonLook } from './python-server.ts'
import { resultIn } from './result-line.ts'
import { standing } from './verify.ts'

const answer = z.object({
  nodeClass: z.string(),
  python: z.string(),
  /** What `current` points at; absent where nothing was deployed here yet. */
  release: z.string().optional(),
  version: z.string().optional(),
  /**
   * The version that the service tells, as it spells it; absent where it did not answer, asked several times. Of one that tells nothing
   * what its process was started from, of one that nobody looks for what lies there.
   */
  told: z.string().optional(),
  /** What an environment that is upgraded in place has of the project: a version, or what is wrong with it. */
  disk: z.string().optional(),
  /** Whether the process is the one that was seen to run that release; where nobody looks for one, whether it was seen to lie there. */
  verified: z.boolean(),
})

export type ProbeAnswer = z.infer<typeof answer>

/** In seconds; a node that is down must not hold the others up. */
const longestPause = 5

/** Looks at a node and changes nothing there. */
export function probeLook(
  node: PlannedNode,
  { verify, project }: Pick<ServiceDefinition, 'verify' | 'project'>,
): PythonLook {
  const { root, url, python, venv, keeper } = node
  const { version, pid, interval_seconds } = verify
  const interval = Math.min(longestPause, interval_seconds)
  const asked = { root, url: url ?? null, version, pid, interval, python, keeper: keeper ?? null }
  const inPlace = venv === undefined ? {} : { venv, adopted: adoptedPrefix }
  const sources = [
    lookSource,
    pidfileSource,
    nodeClassSource,
    venv === undefined ? releasesSource : inPlaceSource,
    seenSource,
    lookSources[rungOfNode(node)],
    source,
  ]
  return { python, source: sources.join(''), argument: { ...asked, ...standing(node, project), ...inPlace } }
}

export function probeAnswer(output: string): ProbeAnswer | undefined {
  return resultIn(output, answer)
}

const releasesSource = `${currentSource}
def what_is_there():
    found = current("releases")
    return found and {"release": found[0], "version": found[1]["version"]}
`

/**
 * The class of a node: digest of all that decides which wheels fit and which dependencies are asked for, as pip itself
 * sees it (markers of PEP 508, tags of PEP 425, with the glibc in them). The kernel's version is left out: it changes
 * with each security update and no wheel depends on it. Remembered for as long as interpreter and libc are the same: to
 * load what tells it takes longer than all the rest of the look.
 */
const classSource = `
import hashlib, json, os, sys
def pip_folder():
    import importlib.util, subprocess
    own = importlib.util.find_spec("pip")
    if own is not None:
        return os.path.dirname(os.path.dirname(own.origin))
    code = "import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))"
    for python in ("python3", "/usr/bin/python3", sys.argv[1] + "/.wheelhouse/pip/bin/python"):
        try:
            return subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL, text=True).strip()
        except (OSError, subprocess.CalledProcessError):
            pass
    own = sys.argv[1] + "/.wheelhouse/pip"
    subprocess.check_call([sys.executable, "-m", "venv", own], stdout=sys.stderr)
    return subprocess.check_output([own + "/bin/python", "-c", code], text=True).strip()
sys.path.append(pip_folder())
from pip._vendor.packaging import markers, tags
environment = {k: v for k, v in markers.default_environment().items() if k not in ("platform_release", "platform_version")}
described = [sorted(environment.items()), [str(tag) for tag in tags.sys_tags()]]
print(hashlib.sha256(json.dumps(described).encode()).hexdigest())
`

const nodeClassSource = `
CLASS = ${JSON.stringify(classSource)}
def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, OSError, ValueError):
        return None
def node_class():
    import subprocess
    path = ARGUMENTS["root"] + "/.wheelhouse/class"
    basis = [1, sys.executable, sys.version, os.uname().machine, libc()]
    try:
        with open(path) as file:
            known = json.load(file)
        if known["basis"] == basis:
            return known["class"]
    except (OSError, ValueError, LookupError, TypeError):
        pass
    found = subprocess.check_output([sys.executable, "-c", CLASS, ARGUMENTS["root"]], text=True).strip()
    try:
        with open("%s.%d" % (path, os.getpid()), "w") as file:
            json.dump({"basis": basis, "class": found}, file)
        os.replace("%s.%d" % (path, os.getpid()), path)
    except OSError:
        # On a node that nothing was deployed to yet there is no place for it.
        pass
    return found
`

/**
 * `current` may point at a release that nothing runs: the restart failed, and nobody could take the link back. An old process
 * that reads its version from the disk would then pass for the new one, so that the process itself is compared.
 */
const seenSource = `
def was_seen(pid, release):
    seen = recorded()
    # One that answers may be a worker of the one that was seen.
    same = seen.get("release") == release and seen["boot"] == boot() and part_of(pid, seen["process"])
    return same and "outdated" not in seen
def patiently(once):
    """What it finds, or None: asked three times."""
    for _ in range(2):
        found = once()
        if found is not None:
            return found
        time.sleep(ARGUMENTS["interval"])
    return once()
`

/** `seen_of(held)`: (the version that runs, whether that is what was verified), or None. */
const lookSources: Readonly<Record<Rung, string>> = {
  answer: `
def seen_of(held):
    def once():
        told, pid, problem = ask()
        return None if problem else (told, was_seen(pid, held["release"]))
    return patiently(once)
`,
  /** One that nobody has seen yet is known by its age: \`current\` was switched before it was started. */
  process: `${processSource}
def seen_of(held):
    switched = time.time() - os.lstat(ARGUMENTS["root"] + "/current").st_mtime
    seen = recorded()
    known = seen.get("boot") == boot()
    ran_another = seen["process"] if known and ARGUMENTS["keeper"] is None and seen["release"] != held["release"] else []
    def is_old(process):
        # A link from the future says nothing of who is older.
        return set(process) <= set(ran_another) or age_of(process[1]) > switched + 1 > 0
    def once():
        mains, problem = mains_now()
        if mains is None:
            return None
        same = known and seen["process"] == [number for main in mains for number in main]
        if same and seen["release"] == held["release"] and "outdated" not in seen:
            return held["version"], True
        trouble = any(trouble_with(main, is_old) for main in mains)
        return "something else" if trouble else held["version"], False
    return patiently(once)
`,
  /** It lies there as long as nothing else does; whether its service was restarted since, whoever did that has noted. */
  files: `${processSource}
def seen_of(held):
    seen, version = recorded(), held.get("disk") or on_disk()[0]
    return version and (version, seen.get("release") == held["release"] and "outdated" not in seen)
`,
}

const source = `
found = {"nodeClass": node_class(), "python": sys.version.split()[0], "verified": False}
held = what_is_there()
if held is not None:
    found.update(held)
    seen = seen_of(held)
    if seen:
        found.update(told=seen[0], verified=seen[1])
tell(found)
`
