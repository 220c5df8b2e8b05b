import type { Client } from 'ssh2'
import type { DomainError } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import { connectionError } from './connection-errors.ts'

/** Who lives answers at once. */
const patienceSeconds = 5

/**
 * Why nothing comes through a jump host, where it does not answer itself any more; `undefined` where it does. A keepalive tells
 * that after half a minute only, and until then it would look as if what lies behind it were at fault.
 */
export async function silenceOf(hop: HostTarget, client: Client): Promise<DomainError | undefined> {
  if (await answers(client, Math.min(hop.connectSeconds, patienceSeconds))) return undefined
  return connectionError(hop, new Error('it does not answer any more'))
}

/** It is asked to give up a port that it never had: whatever it says, it has to say something (RFC 4254 7.1). */
async function answers(client: Client, seconds: number): Promise<boolean> {
  let settle = () => {}
  return await new Promise<boolean>((resolve) => {
    const silent = () => resolve(false)
    const timer = setTimeout(silent, seconds * 1000)
    settle = () => {
      clearTimeout(timer)
      client.off('close', silent)
    }
    client.once('close', silent)
    try {
      client.unforwardIn('127.0.0.1', 0, () => resolve(true))
    } catch {
      // It throws where the connection has ended.
      silent()
    }
  }).finally(() => settle())
}
