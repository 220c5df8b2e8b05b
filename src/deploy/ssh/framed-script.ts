import { quote } from '../node/shell.ts'

/**
 * A script as one command for a login shell, and what cuts off the noise before it: bash under sshd reads `~/.bashrc`,
 * whose output would stand before ours. The mark is random, so that no noise looks like it.
 */
export function framed(script: string, mark: string): string {
  return `exec sh -c ${quote(`printf '%s\\n' ${mark}; printf '%s\\n' ${mark} >&2\n${script}`)}`
}

/** Passes on what comes after the mark's line, byte for byte. */
export function afterMark(mark: string, pass: (bytes: Buffer) => void): (bytes: Buffer) => void {
  let seen = false
  let before = Buffer.alloc(0)
  return (bytes) => {
    if (seen) return pass(bytes)
    before = Buffer.concat([before, bytes])
    const at = before.indexOf(`${mark}\n`)
    // Bounded, as noise may have no end.
    if (at === -1) before = before.subarray(-65_536)
    else {
      seen = true
      const rest = before.subarray(at + mark.length + 1)
      if (rest.length > 0) pass(rest)
    }
  }
}
