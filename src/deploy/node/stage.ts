import { findPip } from './find-pip.ts'
import { fetchUv, findUv, type Installer, uvAlone, uvEnvironment, uvInstall } from './find-uv.ts'
import { endLeftovers } from './leftovers.ts'
import { requireWritable } from './may-write.ts'
import { pruneScript } from './prune.ts'
import { quote } from './shell.ts'

export interface Manifest {
  readonly project: string
  readonly version: string
  /** Digest. */
  readonly lock: string
  /** `releases` where it is left out. */
  readonly layout?: 'in-place'
}

export interface Staging {
  readonly python: string
  readonly root: string
  /** Name of the folder under `releases/`. */
  readonly release: string
  /** In pip's format, with hashes: a line for each wheel. */
  readonly requirements: string
  readonly installer: Installer
  /** Absolute URLs, most wanted first: where uv comes from if the node has none and must have it. */
  readonly indexes: readonly string[]
  /** How many old ones stay, see `prune.ts`. */
  readonly keepReleases: number
  readonly stable: string | undefined
  /** The release that the deploy found there. */
  readonly before?: string | undefined
  /** What the release's folder tells of itself; written last, it says that the release is complete. */
  readonly manifest: Manifest
}

/**
 * Puts a release beside the others: a new environment at its final place (they cannot be moved: their scripts name it),
 * with exactly the files of the lock. A complete one is left as it is, and needs no network: so does every rollback.
 */
export function stageScript(staging: Staging): string {
  const { python, root, release, keepReleases, stable, before } = staging
  const folder = `${root}/releases/${release}`
  const prune = pruneScript({ python, root, release, keep: keepReleases, stable, before })
  return `set -eu
run=\${WHEELHOUSE_SECRET%/*}
release=${quote(folder)}
${requireWritable(root)}if [ -f "$release/wheelhouse.json" ]; then
  echo "The release is there already, complete."
  # The newest is the one that was wanted last.
  touch "$release/wheelhouse.json"
else
${installPart(staging)}fi
{
${prune}
} || echo "Old releases could not be removed. The release itself is installed."
`
}

function installPart({ python, root, requirements, manifest, installer, indexes }: Staging): string {
  return `${findUv(root, installer)}
${installer === 'uv' ? `if [ -z "$uv" ]; then\n${findPip(python, root)}fi\n${fetchUv(python, root, indexes)}` : ''}
# The service may run as another user than the one that deploys it.
umask 022
mkdir -p ${quote(`${root}/releases`)}
# What a dead attempt left behind is no release.
if [ -e "$release" ]; then
  ${endLeftovers('"$release/bin/"')}
  rm -rf "$release"
fi
printf %s ${quote(requirements)} >"$run/requirements.txt"
if [ -n "$uv" ]; then
  echo "Installing with $("$uv" --version)."
${uvAlone(root)}${uvEnvironment(python, '"$release"')}${uvInstall('"$release"', '"$run/requirements.txt"', requirements.split('\n').length - 1)}else
  ${quote(python)} -m venv --without-pip "$release"
${findPip(python, root)}
  echo "Installing with pip $pip_version from $pip_folder."
  pip_in "$release/bin/python" install --no-index --no-deps --only-binary :all: --require-hashes \\
    -r "$run/requirements.txt"
fi
sync -f "$release" 2>/dev/null || sync
printf '%s\\n' ${quote(JSON.stringify(manifest))} >"$release/wheelhouse.new"
mv "$release/wheelhouse.new" "$release/wheelhouse.json"
`
}
