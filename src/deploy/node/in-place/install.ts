import { linkTo } from '../activate.ts'
import { findPip } from '../find-pip.ts'
import { findUv, type Installer, uvAlone } from '../find-uv.ts'
import { endLeftovers } from '../leftovers.ts'
import { pythonWord } from '../python-script.ts'
import { quote } from '../shell.ts'

export interface InPlaceInstall {
  readonly python: string
  readonly root: string
  readonly venv: string
  /** Name of the folder under `releases/`, with the wheels, or with a copy of the environment as it was adopted. */
  readonly release: string
  /** What the deploy found there, to be gone back to by whoever comes after a dead installation. */
  readonly before: string | undefined
  readonly installer: Installer
}

/**
 * Brings the environment to a release that lies beside it, without the network, then points `current` at it. While the files are
 * mixed `.wheelhouse/installing` says so, through whatever death: whoever looks at the node then sees neither release.
 * Only wheels that differ from those that are there are installed, those whose bytes do, whatever their version; and what
 * only the earlier release had is removed, of which what was there before us is none. Nothing of the installer's environment
 * reaches what is started afterwards.
 */
export function installInPlace({ python, root, venv, release, before, installer }: InPlaceInstall): string {
  const changes = pythonWord('"$interpreter"', changesSource, { root, release, before: before ?? null })
  return `umask 022
venv=${quote(venv)}
release=${quote(`${root}/releases/${release}`)}
# That of the environment knows best what is in it. Where a copy was put back only half there is none.
interpreter=$venv/bin/python
if [ ! -x "$interpreter" ]; then interpreter=${quote(python)}; fi
${endLeftovers('"$PWD/.wheelhouse/runs/"', '/in-place-changed.txt -e /in-place-gone.txt')}
WHEELHOUSE_RUN="$run" ${changes}
if [ -d "$release/venv" ]; then
${copyBack}elif [ ! -x "$venv/bin/python" ]; then
  echo "There is no $venv/bin/python: somebody removed the environment. Remove $PWD/current as well, and promote again: both are made anew."
  exit 3
else
(
${findUv(root, installer)}
  if [ -n "$uv" ]; then
${uvAlone(root)}
  else
${findPip(python, root)}
  fi
${installChanged}${removeGone})
fi
sync -f "$venv" 2>/dev/null || sync
${linkTo(release)}rm -f .wheelhouse/installing
`
}

/** The slow part first: what is there is replaced by renames only. */
const copyBack = `  echo "Putting back $venv as it was before the first deploy."
  rm -rf "$venv/.adopted"
  mkdir "$venv/.adopted"
  cp -a "$release/venv/." "$venv/.adopted/"
  find "$venv/" -mindepth 1 -maxdepth 1 ! -name .adopted -exec rm -rf {} +
  find "$venv/.adopted" -mindepth 1 -maxdepth 1 -exec mv -t "$venv" {} +
  rmdir "$venv/.adopted"
`

const installChanged = `  if [ -s "$run/in-place-changed.txt" ]; then
    echo "Installing into $venv: $(sed 's/ .*//' "$run/in-place-changed.txt" | paste -sd ' ')."
    if [ -n "$uv" ]; then
      NETRC=/dev/null LC_ALL=C.UTF-8 "$uv" pip install --no-config --no-progress --cache-dir "$uv_cache" --python "$venv/bin/python" --no-index \\
        --find-links "$release/wheels" --no-deps --only-binary :all: --require-hashes --reinstall --compile-bytecode --link-mode copy \\
        -r "$run/in-place-changed.txt"
    else
      pip_in "$venv/bin/python" install --quiet --no-index --find-links "$release/wheels" --no-deps \\
        --only-binary :all: --require-hashes --force-reinstall -r "$run/in-place-changed.txt"
    fi
  fi
`

const removeGone = `  if [ -s "$run/in-place-gone.txt" ]; then
    echo "Removing from $venv: $(paste -sd ' ' "$run/in-place-gone.txt")."
    if [ -n "$uv" ]; then
      "$uv" pip uninstall --no-config --quiet --cache-dir "$uv_cache" --python "$venv/bin/python" -r "$run/in-place-gone.txt"
    else
      pip_in "$venv/bin/python" uninstall --quiet --yes -r "$run/in-place-gone.txt"
    fi
  fi
`

/** Writes what is to be done beside the run, and then that it has begun. */
const changesSource = `
import importlib.metadata
ROOT, RUN = ARGUMENTS["root"], os.environ["WHEELHOUSE_RUN"]
MARK, RECORD = ROOT + "/.wheelhouse/installing", ROOT + "/.wheelhouse/verified"
def read(path, default):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return default
def keep(path, document):
    with open(path + ".new", "w") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
def lock(release):
    return read("%s/releases/%s/lock.json" % (ROOT, release), []) if release else []
def projects(wheels):
    return {wheel["project"] for wheel in wheels}
def in_place(wheel):
    try:
        return importlib.metadata.version(wheel["project"]) == wheel["version"]
    except importlib.metadata.PackageNotFoundError:
        return False
def write(name, lines):
    with open("%s/%s" % (RUN, name), "w") as file:
        file.writelines(line + "\\n" for line in lines)
link = ROOT + "/current"
current = os.path.basename(os.readlink(link)) if os.path.islink(link) else None
cut_off = read(MARK, {})
wanted = lock(ARGUMENTS["release"])
known = {} if cut_off else {wheel["project"]: wheel["sha256"] for wheel in lock(current)}
# Of each installation that was cut off since: its release may be gone by now.
earlier = projects(lock(current)) | projects(lock(cut_off.get("release"))) | set(cut_off.get("projects", []))
changed = [wheel for wheel in wanted if known.get(wheel["project"]) != wheel["sha256"] or not in_place(wheel)]
write("in-place-changed.txt", ["%(project)s==%(version)s --hash=sha256:%(sha256)s" % wheel for wheel in changed])
write("in-place-gone.txt", sorted(earlier - projects(wanted)))
before = cut_off.get("before") or current or ARGUMENTS["before"]
keep(MARK, {"release": ARGUMENTS["release"], "before": before, "projects": sorted(earlier | projects(wanted))})
# A main process that stays through a restart was seen to run what was here until now, and says nothing of what comes.
seen = read(RECORD, {})
if seen:
    keep(RECORD, dict(seen, outdated=True))
`
