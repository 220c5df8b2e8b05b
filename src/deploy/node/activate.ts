import { quote } from './shell.ts'

export interface Activation {
  readonly root: string
  readonly release: string
  /** Shell that makes it what the service runs from its next start on, in the service's folder. */
  readonly put: string
  /** The environment that it is then started from. */
  readonly environment: string
  /** Shell that says by its exit status whether that may be started. */
  readonly check?: string | undefined
  /** What is done, for people. */
  readonly what: string
  /** Shell that returns when the service was restarted. */
  readonly restart: string
  /** Shell that tells more where it was not. */
  readonly explain: string | undefined
}

/**
 * Puts a release in place, and restarts the service. Before that it leaves a mark: the boot and the clock tick (proc(5), stat
 * field 22) that the new process must have started after.
 */
export function activateScript(wanted: Activation): string {
  const { root, release, put, what, restart, explain = ':' } = wanted
  return `set -eu
cd ${quote(root)}
if [ ! -f ${quote(`releases/${release}/wheelhouse.json`)} ]; then
  echo "The release ${release} is not on this node, or not complete."; exit 3
fi
run=\${WHEELHOUSE_SECRET%/*}
${put}${checkPart(wanted)}read -r boot </proc/sys/kernel/random/boot_id
# When something starts now, not this script: what was put in place may have taken minutes.
printf '%s %s\\n' "$boot" "$(cut -d' ' -f22 /proc/self/stat)" >"$run/mark"
# What starts now starts in a later tick, of which there are a hundred a second.
sleep 0.011
echo "current is ${release}; restarting: "${quote(what)}
${restart} || {
  status=$?
${explain}
  exit $status
}
`
}

/** Points `current` at a release by one atomic rename. */
export function linkTo(release: string): string {
  return `ln -sfT ${quote(`releases/${release}`)} current.new
mv -T current.new current
`
}

function checkPart({ check, environment }: Activation): string {
  if (check === undefined) return ''
  return `(unset WHEELHOUSE_SECRET; export VIRTUAL_ENV=${quote(environment)} PATH=${quote(`${environment}/bin`)}:"$PATH"; ${check}) || {
  echo "restart.check ended with status $?: the service was not restarted."; exit 3
}
`
}
