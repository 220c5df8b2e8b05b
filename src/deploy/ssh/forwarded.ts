import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import { labelOf, sentence } from './connection-errors.ts'
import { silenceOf } from './silence.ts'

/** A stream from a jump host to what lies behind it. The jump host's own patience is minutes: the target's counts. */
export async function forwarded(
  client: Client,
  hop: HostTarget,
  target: HostTarget,
  signal?: AbortSignal,
): Promise<Duplex> {
  const { name, address, port, connectSeconds } = target
  let settle = () => {}
  return await new Promise<Duplex>((resolve, reject) => {
    const failed = (why: string) => {
      const text =
        `${sentence(labelOf(hop))} does not lead to ${labelOf(target)}: ${why}. ` +
        'Is the node up, and may the key forward ports there (AllowTcpForwarding, and no «restrict» without «port-forwarding»)?'
      reject(new DomainError('host-unreachable', text, { host: name }))
    }
    let over = false
    const closed = () => failed('its connection was lost')
    const abort = () => failed('waiting for it was given up')
    const late = async () => {
      const silence = await silenceOf(hop, client)
      if (silence === undefined) failed(`the node did not answer in ${connectSeconds} s`)
      else reject(silence)
    }
    const timer = setTimeout(late, connectSeconds * 1000)
    settle = () => {
      over = true
      clearTimeout(timer)
      client.off('close', closed)
      signal?.removeEventListener('abort', abort)
    }
    client.once('close', closed)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => {
        if (error) failed(error.message)
        // One that comes late is nobody's.
        else if (over) stream.destroy()
        else resolve(stream)
      })
    } catch (error) {
      // It throws where the connection is about to end.
      failed(messageOf(error))
    }
  }).finally(() => settle())
}
