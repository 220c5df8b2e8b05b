import { z } from 'zod'
import type { PlannedNode } from '../documents.ts'
import type { ServiceDefinition } from '../service-definition.ts'
import { barePythonScript, lookSource } from './python-script.ts'
import { resultIn } from './result-line.ts'

const answer = z.object({
  nodeClass: z.string(),
  python: z.string(),
  /** What `current` points at; absent where nothing was deployed here yet. */
  release: z.string().optional(),
  version: z.string().optional(),
  /** The version that the service tells, as it spells it; absent where it did not answer, asked several times. */
  told: z.string().optional(),
  /** Whether the process that answers is the one that was seen to run that release. */
  verified: z.boolean(),
})

export type ProbeAnswer = z.infer<typeof answer>

/** In seconds; a node that is down must not hold the others up. */
const longestPause = 5

/** Looks at a node and changes nothing there. */
export function probeScript({ root, url, python }: PlannedNode, verify: ServiceDefinition['verify']): string {
  const { version, pid, interval_seconds } = verify
  const interval = Math.min(longestPause, interval_seconds)
  return barePythonScript(python, lookSource + nodeClassSource + source, { root, url, version, pid, interval })
}

export function probeAnswer(output: string): ProbeAnswer | undefined {
  return resultIn(output, answer)
}

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
const source = `
def was_seen(pid, release):
    try:
        with open(RECORD) as file:
            seen = json.load(file)
    except (OSError, ValueError):
        return False
    here = stat(pid) if seen["release"] == release and seen["boot"] == boot() else None
    # One that answers may be a worker of the one that was seen.
    while here is not None and [pid, here[1]] != seen["process"]:
        pid = here[0]
        here = stat(pid)
    return here is not None
def ask_patiently():
    for _ in range(2):
        told, pid, problem = ask()
        if problem is None:
            return told, pid
        time.sleep(ARGUMENTS["interval"])
    told, pid, problem = ask()
    return told, pid
found = {"nodeClass": node_class(), "python": sys.version.split()[0], "verified": False}
current = os.path.join(ARGUMENTS["root"], "current")
if os.path.lexists(current):
    if not os.path.islink(current):
        sys.exit("%s is there, but is no symbolic link: something else deploys to this folder. Choose another root." % current)
    release = os.path.basename(os.readlink(current))
    try:
        with open(os.path.join(ARGUMENTS["root"], "releases", release, "wheelhouse.json")) as manifest:
            version = json.load(manifest)["version"]
    except OSError:
        sys.exit("%s points at %s, which is no release of this service. Remove the link, or choose another root." % (current, os.readlink(current)))
    found.update(release=release, version=version)
    told, pid = ask_patiently()
    if pid is not None:
        found.update(told=told, verified=was_seen(pid, release))
tell(found)
`
