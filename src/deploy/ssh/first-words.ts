import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What shares a port with others may wait for our words to tell what we are: so long one waits for its own. */
const patienceMilliseconds = 1_000

/**
 * Resolves once a host has said something, and leaves it unread: sshd speaks as soon as it is connected (RFC 4253 4.2), and until it
 * does there is nothing to do for it. Also where it is connected and keeps silent. Rejects where the stream fails or ends before, the time
 * is up (`client-timeout`, as ssh2 has it) or the signal comes.
 */
export async function firstWords(stream: Duplex, milliseconds: number, signal?: AbortSignal): Promise<void> {
  let settle = () => {}
  await new Promise<void>((resolve, reject) => {
    const closed = () => reject(new Error('the connection was closed'))
    const late = () => reject(Object.assign(new Error('nothing was said'), { level: 'client-timeout' }))
    const abort = () => reject(signal?.reason)
    const go = () => resolve()
    let silent: NodeJS.Timeout | undefined
    const connected = () => {
      silent = setTimeout(go, patienceMilliseconds)
    }
    const timer = setTimeout(late, milliseconds)
    settle = () => {
      clearTimeout(timer)
      clearTimeout(silent)
      stream.off('connect', connected).off('readable', go).off('error', reject).off('close', closed)
      signal?.removeEventListener('abort', abort)
    }
    stream.on('connect', connected).on('readable', go).on('error', reject).on('close', closed)
    if (!(stream instanceof Socket) || !stream.connecting) connected()
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    if (stream.destroyed) reject(stream.errored ?? new Error('the connection was closed'))
  }).finally(() => settle())
}
