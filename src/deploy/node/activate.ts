import { quote } from './shell.ts'

export interface Activation {
  readonly root: string
  readonly release: string
  /** What is done, for people. */
  readonly what: string
  /** Shell that returns when the service was restarted. */
  readonly restart: string
  /** Shell that tells more where it was not. */
  readonly explain: string | undefined
}

/**
 * Points `current` at a release by one atomic rename, and restarts the service. First it leaves a mark: the boot and the
 * clock tick (proc(5), stat field 22) that the new process must have started after.
 */
export function activateScript({ root, release, what, restart, explain = ':' }: Activation): string {
  return `set -eu
cd ${quote(root)}
if [ ! -f ${quote(`releases/${release}/wheelhouse.json`)} ]; then
  echo "The release ${release} is not on this node, or not complete."; exit 3
fi
run=$(dirname "$WHEELHOUSE_SECRET")
printf '%s %s\\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(cut -d' ' -f22 /proc/$$/stat)" >"$run/mark"
sleep 0.05
rm -f current.new
ln -s ${quote(`releases/${release}`)} current.new
mv -T current.new current
echo "current is ${release}; restarting: "${quote(what)}
${restart} || {
  status=$?
${explain}
  exit $status
}
`
}
