import { z } from 'zod'
import type { PlannedNode } from '../documents.ts'
import { lookSource, pythonScript } from './python-script.ts'
import { resultIn } from './result-line.ts'

const answer = z.object({
  nodeClass: z.string(),
  python: z.string(),
  /** What `current` points at; absent where nothing was deployed here yet. */
  release: z.string().optional(),
  version: z.string().optional(),
  /** Whether the service answers, with the version of that release. */
  healthy: z.boolean(),
  /** Whether the process that answers is the one that was seen to run that release. */
  verified: z.boolean(),
})

export type ProbeAnswer = z.infer<typeof answer>

/** Looks at a node and changes nothing there. */
export function probeScript(node: PlannedNode, verify: { readonly version: string; readonly pid: string }): string {
  const { root, url } = node
  const { version, pid } = verify
  return pythonScript(node.python, lookSource + source, { root, url, version, pid })
}

export function probeAnswer(output: string): ProbeAnswer | undefined {
  return resultIn(output, answer)
}

/**
 * `current` may point at a release that nothing runs: the restart failed, and nobody could take the link back. An old process
 * that reads its version from the disk would then pass for the new one, so that the process itself is compared.
 *
 * The class of a node: digest of all that decides which wheels fit and which dependencies are asked for, as pip itself
 * sees it (markers of PEP 508, tags of PEP 425, with the glibc in them). The kernel's version is left out: it changes
 * with each security update and no wheel depends on it.
 */
const source = `
import hashlib, subprocess
def pip_folder():
    code = "import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))"
    for python in (sys.executable, "python3", "/usr/bin/python3", ARGUMENTS["root"] + "/.wheelhouse/pip/bin/python"):
        try:
            return subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL, text=True).strip()
        except (OSError, subprocess.CalledProcessError):
            pass
    own = ARGUMENTS["root"] + "/.wheelhouse/pip"
    subprocess.check_call([sys.executable, "-m", "venv", own], stdout=sys.stderr)
    return subprocess.check_output([own + "/bin/python", "-c", code], text=True).strip()
def node_class():
    sys.path.append(pip_folder())
    from pip._vendor.packaging import markers, tags
    environment = {k: v for k, v in markers.default_environment().items() if k not in ("platform_release", "platform_version")}
    described = [sorted(environment.items()), [str(tag) for tag in tags.sys_tags()]]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
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
found = {"nodeClass": node_class(), "python": sys.version.split()[0], "healthy": False, "verified": False}
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
    told, pid, problem = ask()
    verified = problem is None and was_seen(pid, release)
    found.update(release=release, version=version, healthy=problem is None and told == version, verified=verified)
tell(found)
`
