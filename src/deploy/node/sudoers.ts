import { commandLine, quote } from './shell.ts'

/** Shell that says which line is missing where sudo does not let the user run all of these, with the words that sudo compares. */
export function sudoersHint(commands: readonly (readonly string[])[]): string {
  const allowed = commands.map((argv) => `sudo -n -l ${commandLine(argv)} >/dev/null 2>&1`).join(' && ')
  const what = commands.length === 1 ? 'this' : 'all of this'
  return `if ! { ${allowed}; }; then
  echo "sudo does not let $(id -un) do ${what} without a password. In /etc/sudoers.d/wheelhouse on this node there should be:"
  echo "$(id -un) ALL=(root) NOPASSWD: "${commands.map(asWritten).join('", "')}
fi`
}

/** Shell words that make up a command as sudoers(5) has it, where these characters of arguments stand behind a backslash. */
function asWritten([program = '', ...rest]: readonly string[]): string {
  const words = rest.join(' ').replace(/[\\*?[\],:=#]/g, '\\$&')
  return `"$(command -v ${quote(program)} || echo ${quote(`/usr/bin/${program}`)}) "${quote(words)}`
}
