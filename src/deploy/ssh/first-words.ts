import type { Duplex } from 'node:stream'

/**
 * Resolves once a host has said something, and leaves it unread: sshd speaks first (RFC 4253 4.2), and until it does there is nothing
 * to do for it. Rejects where the stream fails or ends before, the time is up (`client-timeout`, as ssh2 has it) or the signal comes.
 */
export async function firstWords(stream: Duplex, milliseconds: number, signal?: AbortSignal): Promise<void> {
  let settle = () => {}
  await new Promise<void>((resolve, reject) => {
    const closed = () => reject(new Error('the connection was closed'))
    const late = () => reject(Object.assign(new Error('nothing was said'), { level: 'client-timeout' }))
    const abort = () => reject(signal?.reason)
    const readable = () => resolve()
    const timer = setTimeout(late, milliseconds)
    settle = () => {
      clearTimeout(timer)
      stream.off('readable', readable).off('error', reject).off('close', closed)
      signal?.removeEventListener('abort', abort)
    }
    stream.on('readable', readable).on('error', reject).on('close', closed)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    if (stream.destroyed) reject(stream.errored ?? new Error('the connection was closed'))
  }).finally(() => settle())
}
