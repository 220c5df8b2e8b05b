import { quote } from './shell.ts'

export const installers = ['auto', 'pip', 'uv'] as const

/** `auto`: uv where the node has it, else pip. `uv`: got once from the service's indexes where the node has none. */
export type Installer = (typeof installers)[number]

/**
 * Sets `uv`: a program that can install exactly a lock, or nothing. Told by what it can do rather than by its version, as
 * that changes. `~/.local/bin` and `~/.cargo/bin` are where its own installers put it, which is on no PATH over SSH.
 */
export function findUv(root: string, installer: Installer): string {
  if (installer === 'pip') return 'uv=\n'
  return `uv_is_able() {
  uv_help=$("$1" pip install --help 2>/dev/null) || return 1
  for option in --require-hashes --compile-bytecode --link-mode --no-config; do
    case $uv_help in *"$option"*) ;; *) return 1 ;; esac
  done
}
uv=
for candidate in uv "\${HOME:-/nonexistent}/.local/bin/uv" "\${HOME:-/nonexistent}/.cargo/bin/uv" ${quote(ownUv(root))}; do
  if uv_is_able "$candidate"; then uv=$candidate; break; fi
done
`
}

/**
 * For a node that has none: by the pip that `findPip` found, from where the service's dependencies come from. Credentials are
 * those of the node (NETRC).
 */
export function fetchUv(python: string, root: string, indexes: readonly string[]): string {
  const folder = `${root}/.wheelhouse/uv`
  const [first = '', ...others] = indexes
  const extra = others.map((url) => ` --extra-index-url ${quote(url)}`).join('')
  return `if [ -z "$uv" ]; then
  echo "This node has no uv: getting it from the indexes of the service."
  rm -rf ${quote(folder)}
  ${quote(python)} -m venv --without-pip ${quote(folder)}
  pip_in ${quote(`${folder}/bin/python`)} install --quiet --only-binary :all: --index-url ${quote(first)}${extra} uv || true
  if uv_is_able ${quote(ownUv(root))}; then uv=${quote(ownUv(root))}; fi
fi
if [ -z "$uv" ]; then
  echo "«installer: uv» was asked for, but there is no uv on this node and none in the indexes of the service. Install it there, add an index that has it, or choose «installer: auto»."
  exit 3
fi
`
}

/**
 * Nothing of the machine's configuration may change what is installed. Sets `uv_cache`: our own, as files in one that was made
 * under another umask could not be read by the service; it begins anew each month, as nothing else bounds it.
 */
export function uvAlone(root: string): string {
  const caches = `${root}/.wheelhouse/uv-cache`
  return `for name in $(env | sed -n 's/^\\(UV_[A-Z_]*\\)=.*/\\1/p'); do unset "$name"; done
uv_cache=${quote(caches)}-$(date +%Y%m)
for old in ${quote(caches)}-*; do
  if [ "$old" != "$uv_cache" ]; then rm -rf "$old"; fi
done
export UV_PYTHON_DOWNLOADS=never LC_ALL=C.UTF-8
`
}

/**
 * An environment as `python -m venv --without-pip` makes one, in half the time; by that where uv cannot. After `uvAlone`. By
 * path: uv would take `python3.11` for any interpreter of that version, and nothing for any at all.
 */
export function uvEnvironment(python: string, folder: string): string {
  return `found=$(command -v ${quote(python)}) &&
  "$uv" venv --no-config --no-project --quiet --cache-dir "$uv_cache" --python "$found" ${folder} &&
  [ -x ${folder}/bin/python ] || { rm -rf ${folder}; ${quote(python)} -m venv --without-pip ${folder}; }
# It is no cache, which backups leave out and cleaners remove.
rm -f ${folder}/CACHEDIR.TAG ${folder}/.gitignore
`
}

/** A process for each eighth wheel and four at most: uv starts one a core, whatever there is to do, beside a service that runs. */
export function compilers(wheels: number): number {
  return Math.min(4, Math.ceil(wheels / 8))
}

/**
 * Nothing that runs may share a file with another release or the cache: hence copies. Certificates are the machine's, as
 * pip's are (the second name is that of older ones). After `uvAlone`.
 */
export function uvInstall(environment: string, requirements: string, wheels: number): string {
  return `UV_CONCURRENT_INSTALLS=${compilers(wheels)} NETRC="$WHEELHOUSE_SECRET" UV_HTTP_TIMEOUT=20 UV_HTTP_RETRIES=\${WHEELHOUSE_RETRIES:-3} UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true \\
  "$uv" pip install --no-config --no-progress --cache-dir "$uv_cache" --python ${environment}/bin/python --no-index --no-deps \\
  --only-binary :all: --require-hashes --compile-bytecode --link-mode copy -r ${requirements} || {
  echo "uv could not install the release. If pip can, say so in the service: installer: pip."
  exit 1
}
`
}

function ownUv(root: string): string {
  return `${root}/.wheelhouse/uv/bin/uv`
}
