import { findPip } from '../find-pip.ts'
import { endLeftovers } from '../leftovers.ts'
import { requireWritable } from '../may-write.ts'
import { pruneScript } from '../prune.ts'
import { quote } from '../shell.ts'
import type { Staging } from '../stage.ts'

/** A file of the lock, as it lies among a release's wheels. */
export interface KeptWheel {
  readonly project: string
  readonly version: string
  readonly sha256: string
}

export interface Download extends Omit<Staging, 'installer' | 'indexes'> {
  readonly venv: string
  readonly wheels: readonly KeptWheel[]
}

/** Begins the name of a release that was in an environment before it was ours, and is kept as a copy of it. */
export const adoptedPrefix = 'adopted-'

/**
 * Fetches the wheels of the lock into the release's folder, where they stay: whatever is installed or taken back later
 * needs no network. The environment is not touched: one that is missing is made, and one that was there before us is
 * copied, as nobody knows the wheels that it was made from.
 */
export function downloadScript(wanted: Download): string {
  const { python, root, release, venv, keepReleases, stable, before } = wanted
  const folder = `${root}/releases/${release}`
  const prune = pruneScript({ python, root, release, keep: keepReleases, stable, before })
  return `set -eu
run=\${WHEELHOUSE_SECRET%/*}
release=${quote(folder)}
venv=${quote(venv)}
# The service may run as another user than the one that deploys it.
umask 022
${requireWritable(root)}mkdir -p ${quote(`${root}/releases`)}
${environmentPart(wanted)}
if [ -f "$release/wheelhouse.json" ]; then
  echo "The wheels of the release are there already, all of them."
  touch "$release/wheelhouse.json"
else
${wheelsPart(wanted)}fi
${prune} || echo "Old releases could not be removed. The wheels of the release itself are there."
`
}

function environmentPart(wanted: Download): string {
  const { python, before } = wanted
  const adopted = before?.startsWith(adoptedPrefix) ? copyPart(wanted, before) : ''
  return `if [ ! -e "$venv" ]; then
  may_write "$venv"
  echo "Making the environment $venv."
  mkdir -p "$(dirname "$venv")"
  ${quote(python)} -m venv --without-pip "$venv"
fi
if [ "$(find "$venv/" -maxdepth 4 -name site-packages -type d -writable | wc -l)" -eq 0 ] || [ ! -w "$venv/bin" ]; then
  echo "$(id -un) may not write into the environment $venv. Give it to that user (ssh.user): chown -R $(id -un) $venv"; exit 3
fi
${adopted}`
}

/** Anew each time, until the first release of ours is in it; unless a dead installation has left it half-way. */
function copyPart({ root, manifest }: Download, before: string): string {
  const copy = `${root}/releases/${before}`
  const told = { ...manifest, version: before.slice(adoptedPrefix.length), lock: 'adopted' }
  return `if [ ! -L ${quote(`${root}/current`)} ] && [ ! -f ${quote(`${root}/.wheelhouse/installing`)} ]; then
  copy=${quote(copy)}
  echo "Adopting $venv: what is in it now is kept in $copy, to go back to."
  rm -rf "$copy"
  mkdir -p "$copy/venv"
  cp -a "$venv/." "$copy/venv/"
  sync -f "$copy" 2>/dev/null || sync
  printf '%s\\n' ${quote(JSON.stringify(told))} >"$copy/wheelhouse.json"
fi
`
}

function wheelsPart({ python, root, requirements, manifest, wheels }: Download): string {
  return `${findPip(python, root)}
  # What a dead attempt left behind is no release.
  ${endLeftovers('"$release/wheels"')}
  rm -rf "$release"
  mkdir "$release"
  printf %s ${quote(requirements)} >"$run/requirements.txt"
  echo "Downloading with pip $pip_version from $pip_folder."
  pip_in "$venv/bin/python" download --quiet --no-index --no-deps --only-binary :all: --require-hashes \\
    -d "$release/wheels" -r "$run/requirements.txt"
  printf '%s\\n' ${quote(JSON.stringify(wheels))} >"$release/lock.json"
  sync -f "$release" 2>/dev/null || sync
  printf '%s\\n' ${quote(JSON.stringify(manifest))} >"$release/wheelhouse.new"
  mv "$release/wheelhouse.new" "$release/wheelhouse.json"
`
}
