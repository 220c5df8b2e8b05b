import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lets every other thread of the machine go first: for work that takes seconds of a processor while somebody waits a
 * millisecond for a page. Linux alone gives threads a priority of their own (setpriority(2), "C library/kernel
 * differences"), by an id that `/proc` knows; elsewhere all stays as it was.
 */
export function yieldToOthers(): void {
  try {
    const id = readlinkSync('/proc/thread-self').split('/').at(-1)
    if (process.platform === 'linux' && id !== undefined) setPriority(Number(id), 15)
  } catch {
    // No /proc, or not allowed: slower pages are better than no uploads.
  }
}
