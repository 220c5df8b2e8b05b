import { Client } from 'ssh2'
import type { HostTarget } from '../remote-host.ts'
import { algorithmsFor } from './algorithms.ts'
import { connectionError } from './connection-errors.ts'
import { ConnectionStarts } from './connection-starts.ts'
import { JumpHosts } from './jump-hosts.ts'
import type { KnownHosts } from './known-hosts.ts'
import { openClient, usualKeepalive } from './open-client.ts'

/**
 * The key that a host shows, as ssh-keyscan has it: one connection that ends before any login. Jump hosts on the way are logged
 * in to, and have to be known. Rejects with the errors of `connect`.
 */
export async function scanHostKey(
  knownHosts: KnownHosts,
  target: HostTarget,
  keyTypes: readonly string[],
  ownAgent: string | undefined,
): Promise<Buffer> {
  const ports = { knownHosts, starts: new ConnectionStarts(), keepaliveSeconds: usualKeepalive, ownAgent }
  const jumps = new JumpHosts((hop, options, way) => openClient(ports, hop, options, way))
  const way = await jumps.wayTo(target)
  const client = new Client()
  return await new Promise<Buffer>((resolve, reject) => {
    const failed = (error: Error) => reject(connectionError(target, error))
    client.on('error', failed)
    client.once('close', () => failed(new Error('the connection was closed')))
    client.connect({
      ...(way === undefined ? { host: target.address, port: target.port } : { sock: way.stream }),
      username: 'wheelhouse',
      readyTimeout: target.connectSeconds * 1000,
      algorithms: algorithmsFor(keyTypes),
      hostVerifier: (key: Buffer) => {
        resolve(key)
        return false
      },
    })
  }).finally(() => {
    client.destroy()
    way?.release()
  })
}
