import { mayWrite } from './may-write.ts'
import { proxyEnvironment } from './proxy.ts'
import { quote } from './shell.ts'

/** A command on a node that outlives the connection which started it. */
export interface DetachedRun {
  /** The service's folder on the node. */
  readonly root: string
  /** Names the run: the same attempt is never run twice, whoever asks and however often. Letters, digits, `.`, `_`, `-`. */
  readonly attempt: string
  /** Whose fences are counted together: `<store>/<service>`. */
  readonly owner: string
  /** The worker's fence: a node that has seen a higher one of this owner refuses. */
  readonly fence: number
  /** POSIX sh. `$WHEELHOUSE_SECRET` names a file (0600) with the secret, where there is one; it is gone after the run. */
  readonly script: string
  /** The node ends the run after so long: exit status 124. */
  readonly limitSeconds: number
}

/** Exit statuses of the script below, apart from those of `sh` itself. */
export const runStatus = { exited: 0, died: 70, busy: 75, fenced: 76, cut: 77 } as const

/** Ends the secret on standard input: without it the connection was cut before all of the secret came. */
const secretEnd = 'wheelhouse-secret-ends'
const proxyMark = 'wheelhouse-proxy '

/** What to send to the script below, whether there is a secret or not. `proxy`: the URL of one, with its credentials. */
export function secretInput(secret: string, proxy?: string): string {
  const lines = secret === '' || secret.endsWith('\n') ? secret : `${secret}\n`
  return `${lines}${proxy === undefined ? '' : `${proxyMark}${proxy}\n`}${secretEnd}\n`
}

/** Ends the output of a run that exited, on standard error. */
export const exitLine = /wheelhouse-run exited (\d+)\n$/

/**
 * Starts the run if it has not been, then follows it: its output from byte `offset` on goes to standard output. Sent
 * again after a lost connection it finds the run and goes on. Assumes sh, coreutils, flock and setsid (util-linux).
 *
 * `<root>/.wheelhouse/` holds `lock`, `<store>/<service>/fence`, and `runs/<attempt>/` with `script`, `secret`, `output`,
 * `proxy`, `exit`, `alive`, which is locked for as long as the run lives, and the folder `started`, whose making is the atomic
 * beginning: of several starters one makes it, and nobody else runs. An attempt's name belongs to one store alone.
 */
export function runScript(run: DetachedRun, offset: number): string {
  return [
    'set -u; umask 077',
    `base=${quote(run.root)}/.wheelhouse; run=$base/runs/${quote(run.attempt)}`,
    `seen_in=$base/${quote(run.owner)}/fence; fence=${run.fence}`,
    `mkdir -p "$run" "\${seen_in%/*}" 2>/dev/null || {
${mayWrite}may_write ${quote(run.root)}; may_write "$base" -R; may_write "$base/runs" -R; may_write "\${seen_in%/*}" -R
mkdir -p "$run" "\${seen_in%/*}" || exit 1; }`,
    startPart(run),
    followPart(offset),
  ].join('\n')
}

/**
 * Under the lock of the node. Its descriptor is closed in what is started: a service that is restarted from there would
 * otherwise hold the lock for as long as it lives.
 */
function startPart(run: DetachedRun): string {
  return `unwritable() { rm -f "$run/secret" "$run/proxy"; echo "$1 could not be written on this node: is its disk full?" >&2; exit 1; }
exec 9>>"$base/lock"
flock -w 60 9 || {
  echo "another worker has been starting something on this node for a minute, or a process there hangs that holds $base/lock. See who it is (fuser -v $base/lock), end it if it hangs, and promote again." >&2
  exit ${runStatus.busy}
}
seen=0
if [ -f "$seen_in" ]; then read -r seen <"$seen_in"; fi
# Empty after a loss of power.
[ -n "$seen" ] || seen=0
if [ "$seen" -gt "$fence" ]; then
  echo "a newer worker ($seen) has taken over from $fence. If there is none, as after restoring the store from a backup, remove $seen_in on this node and promote again." >&2
  exit ${runStatus.fenced}
fi
if [ "$seen" -lt "$fence" ]; then echo "$fence" >"$seen_in.new" && mv "$seen_in.new" "$seen_in" || exit 1; fi
if [ ! -d "$run/started" ]; then
  printf '' >"$run/secret" || unwritable "$run/secret"
  whole=; proxy=
  while IFS= read -r line; do
    case $line in
      ${secretEnd}) whole=1; break ;;
      '${proxyMark}'*) proxy=\${line#'${proxyMark}'} ;;
      *) printf '%s\\n' "$line" >>"$run/secret" || unwritable "$run/secret" ;;
    esac
  done
  if [ -z "$whole" ]; then
    rm -f "$run/secret"; echo "the connection was cut before the run could start" >&2; exit ${runStatus.cut}
  fi
  if [ -n "$proxy" ]; then printf '%s\\n' "$proxy" >"$run/proxy" || unwritable "$run/proxy"; fi
  printf '%s\\n' ${quote(run.script)} >"$run/script" || unwritable "$run/script"
  # Ends when descriptor 7 is closed: the run has begun then, or died.
  begun=$(setsid sh -c ${quote(detachedPart(run.limitSeconds))} sh "$run" 7>&1 </dev/null >"$run/output" 2>&1 9>&- &)
fi
exec 9>&-`
}

/**
 * A process is told from a later one with its number by its start time and the boot (proc(5), stat field 22). Where that
 * cannot be written nothing is run: nobody could tell whether it runs still.
 */
function detachedPart(limitSeconds: number): string {
  return `run=$1
mkdir "$run/started" || exit 0
exec 8>>"$run/alive" || exit 0
flock 8
read -r stat </proc/$$/stat; read -r boot </proc/sys/kernel/random/boot_id
set -- $stat
printf '%s %s %s\\n' $$ "\${22}" "$boot" >"$run/started/new" || exit 0
mv "$run/started/new" "$run/started/process" || exit 0
exec 7>&-
${proxyEnvironment}
WHEELHOUSE_SECRET=$run/secret timeout -k 10 ${limitSeconds} sh "$run/script" 8>&-
code=$?
rm -f "$run/secret" "$run/proxy"
echo $code >"$run/exit.new" && mv "$run/exit.new" "$run/exit"`
}

/**
 * Waits for the lock that the run holds, which no death leaves behind, rather than asking again and again: that would cost a
 * node more than many a run does. A run of an earlier version of this script has no such lock, and is looked for by its number.
 */
function followPart(offset: number): string {
  return `at=${offset}
alive() {
  read -r pid start boot <"$run/started/process" || return 1
  [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 1
  [ "$(cut -d" " -f22 "/proc/$pid/stat" 2>/dev/null)" = "$start" ]
}
exec 8>>"$run/alive"
: >>"$run/output"
# dd and nobody else reads no more than it was told, so that the next one goes on where it ended: by descriptor 6.
exec 6<"$run/output"
if [ "$at" -gt 0 ]; then dd bs=65536 iflag=skip_bytes skip="$at" count=64 <&6 2>/dev/null; fi
wait=0.25
while :; do
  ended=; free=
  if flock -s -w $wait 8; then free=1; fi
  case $wait in 0.25) wait=0.5 ;; *) wait=1 ;; esac
  if [ -n "$free" ] && [ ! -f "$run/exit" ]; then
    if alive 2>/dev/null; then sleep 0.2; else ended=died; fi
  fi
  [ -f "$run/exit" ] && ended=exited
  blocks=64
  # What the run has started may write there for ever.
  if [ -n "$ended" ]; then blocks=$(($(wc -c <"$run/output") / 65536 + 1)); fi
  dd bs=65536 count=$blocks <&6 2>/dev/null
  case $ended in
    exited) read -r code <"$run/exit"; echo "wheelhouse-run exited $code" >&2; exit ${runStatus.exited} ;;
    died) rm -f "$run/secret" "$run/proxy"; echo "the run ended without a word: it was killed, the node restarted, or its disk is full" >&2; exit ${runStatus.died} ;;
  esac
  if [ -n "$free" ]; then flock -u 8; fi
done`
}
