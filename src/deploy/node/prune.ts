import { pythonScript } from './python-script.ts'

export interface Pruning {
  readonly python: string
  readonly root: string
  /** Name of the folder under `releases/` of the release that was installed just now. */
  readonly release: string
  /** So many of the newest stay. */
  readonly keep: number
  /** The version that the service runs for good: its releases stay, whatever their age. */
  readonly stable: string | undefined
}

/**
 * Removes old releases, and what is left of old runs. Whatever a rollback could ask for stays: what `current` points at, what
 * was seen to run last and before that, and the stable version. Assumes `$run`, the folder of the run it is part of.
 */
export function pruneScript({ python, root, release, keep, stable }: Pruning): string {
  return `WHEELHOUSE_RUN="$run" ${pythonScript(python, source, { root, release, keep, stable: stable ?? null })}`
}

const source = `
import shutil, time
ROOT, DAY = ARGUMENTS["root"], 86400
RELEASES = ROOT + "/releases/"
RUN = os.environ["WHEELHOUSE_RUN"]
def read(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}
def made(path):
    return os.lstat(path).st_mtime
def age(path):
    # What was made in the future was made when the clock was wrong.
    return abs(time.time() - made(path))
def manifest(name):
    return RELEASES + name + "/wheelhouse.json"
def needed(names):
    seen = read(ROOT + "/.wheelhouse/verified")
    kept = {ARGUMENTS["release"], seen.get("release"), seen.get("predecessor")}
    if os.path.islink(ROOT + "/current"):
        kept.add(os.path.basename(os.readlink(ROOT + "/current")))
    kept.update(name for name in names if read(manifest(name)).get("version") == ARGUMENTS["stable"])
    return kept | set(sorted(names, key=lambda name: -made(manifest(name)))[:ARGUMENTS["keep"]])
def remove(path):
    # First of all it is no release any more: what is half removed must not pass for a complete one.
    if os.path.exists(path + "/wheelhouse.json"):
        os.unlink(path + "/wheelhouse.json")
    shutil.rmtree(path)
everything = os.listdir(RELEASES)
complete = [name for name in everything if os.path.exists(manifest(name))]
kept = needed(complete)
for name in sorted(set(everything) - kept):
    # One that is not complete was left behind by an installation that died.
    if name in complete or age(RELEASES + name) > DAY:
        print("Removing the old release %s." % name)
        remove(RELEASES + name)
runs = os.path.dirname(RUN)
for name in os.listdir(runs):
    path = os.path.join(runs, name)
    if path != RUN and age(path) > 30 * DAY:
        shutil.rmtree(path)
`
