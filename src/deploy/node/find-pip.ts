import { quote } from './shell.ts'

/**
 * Sets `pip_folder` and `pip_version`: a pip that can work on other environments (22.3) and writes the stable report (23.0), of
 * `pip_python`. A node without one gets one of the service's own, by ensurepip. `pip_in <python> <arguments>` runs it by the
 * interpreter of an environment, as `pip --python` does in a second process once the first has loaded all of pip.
 */
export function findPip(python: string, root: string): string {
  const own = `${root}/.wheelhouse/pip`
  const candidates = [python, 'python3', '/usr/bin/python3', `${own}/bin/python`].map(quote).join(' ')
  return `new_enough() {
  pip_found=$("$1" -c ${quote(findSource)} 2>/dev/null) || return 1
  pip_version=\${pip_found%% *} pip_folder=\${pip_found#* }
}
pip_in() {
  if [ -f "$pip_folder/__pip-runner__.py" ]; then
    pip_for=$1
    shift
    "$pip_for" "$pip_folder/__pip-runner__.py" "$@"
  else
    "$pip_python" -m pip --python "$@"
  fi
}
pip_python=
for candidate in ${candidates}; do
  if new_enough "$candidate"; then pip_python=$candidate; break; fi
done
if [ -z "$pip_python" ]; then
  ${quote(python)} -m venv ${quote(own)} && new_enough ${quote(`${own}/bin/python`)} && pip_python=${quote(`${own}/bin/python`)}
fi
if [ -z "$pip_python" ]; then
  echo "No pip of version 23.0 or later was found, and «${python} -m venv» gave none. Install python3-pip and python3-venv there."
  exit 3
fi
# Nothing of the machine's pip configuration may change what is installed.
for name in $(env | sed -n 's/^\\(PIP_[A-Z_]*\\)=.*/\\1/p'); do unset "$name"; done
export PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
export PIP_PROGRESS_BAR=off PIP_TIMEOUT=20 PIP_RETRIES=\${WHEELHOUSE_RETRIES:-6} NETRC="$WHEELHOUSE_SECRET" LC_ALL=C.UTF-8
`
}

const findSource = `import os, sys, pip
if tuple(map(int, pip.__version__.split(".")[:2])) < (23, 0):
    sys.exit(1)
print(pip.__version__, os.path.dirname(pip.__file__))`
