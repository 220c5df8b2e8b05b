import { z } from 'zod'
import { findPip } from './find-pip.ts'
import { pythonScript } from './python-script.ts'
import { resultIn } from './result-line.ts'
import { quote } from './shell.ts'

export interface Resolution {
  readonly python: string
  readonly root: string
  readonly project: string
  readonly extras: readonly string[]
  /** The promoted wheels: absolute URLs. The one that fits this node best is taken. */
  readonly wheels: readonly { readonly filename: string; readonly url: string; readonly sha256: string }[]
  /** Absolute URLs of simple indexes, most wanted first. */
  readonly indexes: readonly string[]
}

const report = z.array(z.object({ project: z.string(), version: z.string(), url: z.string(), sha256: z.string() }))

export type ReportedFiles = z.infer<typeof report>

/**
 * Asks pip what it would install here: `--dry-run --report` (pip's "Installation report", stable since 23.0; the two together are
 * no installation to PEP 668), as if nothing were there. Wheels only: no build code runs on nodes.
 */
export function resolveScript(wanted: Resolution): string {
  const { python, root, project, extras, wheels, indexes } = wanted
  const [first, ...others] = indexes
  const folder = '"$run/environment"'
  const extra = others.map((url) => `--extra-index-url ${quote(url)}`).join(' ')
  return `set -eu
run=\${WHEELHOUSE_SECRET%/*}
${findPip(python, root)}
trap 'rm -rf "$run/environment" "$run/report.json"' EXIT
# A pip of the service's own python sees what an environment of it would be.
if [ "$pip_python" = ${quote(python)} ]; then
  export WHEELHOUSE_PIP=
  pip_for=$pip_python
else
  ${quote(python)} -m venv --without-pip ${folder}
  export WHEELHOUSE_PIP=\${pip_folder%/*}
  pip_for=${folder}/bin/python
fi
requirement=$(${pythonScript(python, bestWheelSource, { project, extras, wheels })})
echo "Resolving $requirement"
pip_in "$pip_for" install --dry-run --ignore-installed --quiet --report "$run/report.json" \\
  --only-binary :all: --index-url ${quote(first ?? '')} ${extra} "$requirement"
WHEELHOUSE_REPORT="$run/report.json" ${pythonScript(python, reportSource, {})}
`
}

export function resolvedFiles(output: string): ReportedFiles | undefined {
  return resultIn(output, report)
}

const bestWheelSource = `
sys.path.extend(filter(None, [os.environ["WHEELHOUSE_PIP"]]))
from pip._vendor.packaging import tags, utils
order = {tag: at for at, tag in enumerate(tags.sys_tags())}
def rank(wheel):
    name, version, build, its = utils.parse_wheel_filename(wheel["filename"])
    fitting = [order[tag] for tag in its if tag in order]
    return (min(fitting), [-part if isinstance(part, int) else part for part in build]) if fitting else None
ranked = sorted(((rank(wheel), wheel["filename"], wheel) for wheel in ARGUMENTS["wheels"] if rank(wheel)), key=lambda one: one[:2])
if not ranked:
    names = ", ".join(wheel["filename"] for wheel in ARGUMENTS["wheels"]) or "none"
    sys.stderr.write("No wheel of this release fits %s here. Its wheels: %s. Upload one that fits, and promote again.\\n" % (sys.version.split()[0], names))
    sys.exit(1)
best = ranked[0][2]
extras = "[%s]" % ",".join(ARGUMENTS["extras"]) if ARGUMENTS["extras"] else ""
print("%s%s @ %s#sha256=%s" % (ARGUMENTS["project"], extras, best["url"], best["sha256"]))
`

const reportSource = `
import re
with open(os.environ["WHEELHOUSE_REPORT"]) as file:
    report = json.load(file)
def entry(item):
    metadata, download = item["metadata"], item["download_info"]
    return {
        "project": re.sub("[-_.]+", "-", metadata["name"]).lower(),
        "version": metadata["version"],
        "url": download["url"].split("#")[0],
        "sha256": download["archive_info"].get("hashes", {}).get("sha256", ""),
    }
tell([entry(item) for item in report["install"]])
`
