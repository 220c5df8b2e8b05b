import { Client } from 'ssh2'
import type { HostTarget } from '../remote-host.ts'
import { connectionError } from './connection-errors.ts'
import { algorithmsFor } from './host-key-algorithms.ts'

/** The key that a host shows, as ssh-keyscan has it: one connection that ends before any login. Rejects with `host-unreachable`. */
export function scanHostKey(
  target: Pick<HostTarget, 'name' | 'address' | 'port' | 'connectSeconds'>,
  keyTypes: readonly string[],
): Promise<Buffer> {
  const client = new Client()
  return new Promise<Buffer>((resolve, reject) => {
    const failed = (error: Error) => reject(connectionError({ ...target, user: '', keyPath: '' }, error))
    client.on('error', failed)
    client.once('close', () => failed(new Error('the connection was closed')))
    client.connect({
      host: target.address,
      port: target.port,
      username: 'wheelhouse',
      readyTimeout: target.connectSeconds * 1000,
      algorithms: { serverHostKey: algorithmsFor([...keyTypes]) },
      hostVerifier: (key: Buffer) => {
        resolve(key)
        return false
      },
    })
  }).finally(() => client.destroy())
}
