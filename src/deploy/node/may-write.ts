import { quote } from './shell.ts'

/**
 * Shell that defines `may_write FOLDER [-R]`. It ends the script with what to do where the user may not write into a folder, or
 * where that would be made: an installer says so in words of its own, half-way, and not whose folder it is to be.
 */
export const mayWrite = `may_write() {
  place=$1
  until [ -e "$place" ]; do place=$(dirname "$place"); done
  if [ -d "$place" ] && [ -w "$place" ] && [ -x "$place" ]; then return; fi
  user=$(id -un)
  if [ -d "$place" ] && [ "$user" = root ]; then
    echo "Nobody may write into $place on this node: it is on a file system that is mounted read-only" >&2
  elif [ "$place" = "$1" ]; then
    echo "$user may not write into $1 on this node. Give it to that user (ssh.user): chown \${2:+$2 }$user $1" >&2
  else
    echo "$user may not make $1 on this node, as that user may not write into $place. Make it, and give it to that user (ssh.user): mkdir -p $1 && chown $user $1" >&2
  fi
  exit 3
}
`

/** Shell that ends with a sentence, before anything is done, where releases cannot be put into a service's folder. */
export function requireWritable(root: string): string {
  return `${mayWrite}may_write ${quote(root)}
may_write ${quote(`${root}/releases`)} -R
`
}
