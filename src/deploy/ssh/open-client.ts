import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { Client } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import { connectionError, hostKeyError } from './connection-errors.ts'
import { algorithmsFor } from './host-key-algorithms.ts'
import { type HostKeyVerdict, keyTypesFor, parseKnownHosts, verdictFor } from './known-hosts.ts'

/** `way` is a stream through a jump host, where there is one. */
export type OpenClient = (target: HostTarget, signal: AbortSignal | undefined, way?: Duplex) => Promise<Client>

/**
 * Logs in to one host. The library accepts any host key unless told otherwise, knows no known_hosts and keeps no connection
 * alive: all three are set here.
 */
export async function openClient(
  knownHosts: () => Promise<string>,
  target: HostTarget,
  signal: AbortSignal | undefined,
  way?: Duplex,
): Promise<Client> {
  const known = parseKnownHosts(await knownHosts())
  const privateKey = await readFile(target.keyPath).catch((error: unknown) => {
    const text = `The private key ${target.keyPath} for ${target.name} cannot be read: ${messageOf(error)}.`
    throw new DomainError('host-authentication', text, { host: target.name }, { cause: error })
  })
  const client = new Client()
  // Whoever stops may have hundreds of nodes still to come.
  const givenUp = () => new DomainError('host-unreachable', `Connecting to ${target.name} was given up.`)
  if (signal?.aborted) throw givenUp()
  let abort = () => {}
  let seen: { key: Buffer; verdict: HostKeyVerdict } | undefined
  await new Promise<void>((resolve, reject) => {
    abort = () => reject(givenUp())
    signal?.addEventListener('abort', abort, { once: true })
    // Never removed: an error may come at any time, even after the end, and unheard would end the process.
    client.on('error', (error) => {
      const refused = seen !== undefined && seen.verdict !== 'trusted'
      reject(refused && seen ? hostKeyError(target, seen.key, seen.verdict) : connectionError(target, error))
    })
    client.once('close', () => reject(connectionError(target, new Error('the connection was closed'))))
    client.once('ready', () => resolve())
    client.connect({
      ...(way === undefined ? { host: target.address, port: target.port } : { sock: way }),
      username: target.user,
      privateKey,
      // One key and no other way: each failed offer counts against MaxAuthTries and PerSourcePenalties.
      authHandler: ['publickey'],
      readyTimeout: target.connectSeconds * 1000,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: algorithmsFor(keyTypesFor(known, target.address, target.port)) },
      hostVerifier: (key: Buffer) => {
        seen = { key, verdict: verdictFor(known, target.address, target.port, key) }
        return seen.verdict === 'trusted'
      },
    })
  })
    .catch((error: unknown) => {
      client.destroy()
      throw error
    })
    // The signal may live as long as the process: what listens to it keeps the connection and the key.
    .finally(() => signal?.removeEventListener('abort', abort))
  return client
}
