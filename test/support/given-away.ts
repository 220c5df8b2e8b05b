import { readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'

/** A Python that prints the secret of the run before anything else. Gives what takes it away again. */
export function givenAway(python: string): () => void {
  const real = readlinkSync(python)
  rmSync(python)
  const script = `#!/bin/sh\n[ ! -r "\${WHEELHOUSE_SECRET-}" ] || cat "$WHEELHOUSE_SECRET" >&2\nexec '${real}' "$@"\n`
  writeFileSync(python, script, { mode: 0o755 })
  return () => {
    rmSync(python)
    symlinkSync(real, python)
  }
}
