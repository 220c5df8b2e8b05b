import { currentSource } from '../current-source.ts'

/**
 * What an environment that is upgraded in place has. `disk` is the version that is installed, by whomever. While an installation
 * lies there half-way, what was there before it is the release to go back to; and where nothing of ours was there yet, what
 * is in the environment counts as one, of which a first deploy keeps a copy.
 */
export const inPlaceSource = `${currentSource}
VENV = ARGUMENTS["venv"]
LOOK = """
import importlib.metadata, json, platform, sys
try:
    version = importlib.metadata.version(sys.argv[1])
except importlib.metadata.PackageNotFoundError:
    version = None
print(json.dumps([version, platform.python_implementation(), list(sys.version_info[:2])]))
"""
def installed():
    """The version of the project in the environment, or None."""
    import platform, subprocess
    try:
        answer = subprocess.check_output([VENV + "/bin/python", "-c", LOOK, ARGUMENTS["project"]], stderr=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit("%s is there, but %s/bin/python does not work: %s. Mend or remove the environment, or choose another venv." % (VENV, VENV, error))
    version, implementation, release = json.loads(answer)
    if (implementation, release) != (platform.python_implementation(), list(sys.version_info[:2])):
        sys.exit("%s was made with %s %d.%d, but «python: %s» is another one. Say python: %s/bin/python." % (VENV, implementation, *release, ARGUMENTS["python"], VENV))
    return version
def cut_off():
    try:
        with open(os.path.join(ARGUMENTS["root"], ".wheelhouse/installing")) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
def half_of(mark):
    before = mark.get("before")
    try:
        version = before and manifest_of(before)["version"]
    except OSError:
        # Somebody removed it: there is nothing to go back to.
        version = None
    return version and {"release": before, "version": version, "disk": "half an installation of %s" % mark.get("release")}
def what_is_there():
    found, mark = current("in-place"), cut_off()
    if mark is not None:
        return half_of(mark)
    disk = installed() if os.path.exists(VENV) else None
    if found is not None:
        return {"release": found[0], "version": found[1]["version"], "disk": disk or "nothing of it"}
    return disk and {"release": ARGUMENTS["adopted"] + disk, "version": disk, "disk": disk}
`
