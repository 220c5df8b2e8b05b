import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ConnectConfig } from 'ssh2'
import { DomainError, isDomainError } from '../../errors.ts'
import type { ConnectOptions, HostTarget } from '../remote-host.ts'
import { algorithmsFor } from './algorithms.ts'
import { connectionError, hostKeyError, labelOf } from './connection-errors.ts'
import type { ConnectionStarts } from './connection-starts.ts'
import { type Credentials, credentialsOf } from './credentials.ts'
import { firstWords } from './first-words.ts'
import {
  entriesFor,
  type HostKeyJudgement,
  judgeHostKey,
  type KnownHost,
  type KnownHosts,
  keyTypesOf,
} from './known-hosts.ts'

/** Seconds. A connection through which nothing comes any more is given up after half a minute, whatever the network says. */
export const usualKeepalive = 10

export interface OpenPorts {
  readonly knownHosts: KnownHosts
  readonly starts: ConnectionStarts
  /** How often a connection is asked whether it still lives; after three questions without an answer it does not. */
  readonly keepaliveSeconds: number
  /** The socket of an SSH agent that our own environment names, where it does. */
  readonly ownAgent: string | undefined
}

/** `way` is a stream through a jump host, where there is one. */
export type OpenClient = (target: HostTarget, options: ConnectOptions, way?: Duplex) => Promise<Client>

/** Logs in to one host, in turn with all others. Its time is what passes while it is its turn. */
export async function openClient(
  { knownHosts, starts, keepaliveSeconds, ownAgent }: OpenPorts,
  target: HostTarget,
  options: ConnectOptions,
  way?: Duplex,
): Promise<Client> {
  const { signal } = options
  let stream = way
  // Never removed: an error may come while nobody else listens, and unheard would end the process.
  way?.on('error', () => undefined)
  let login: Pick<Login, 'known' | 'credentials'> | undefined
  let endStart = () => {}
  try {
    endStart = await starts.atHost(target, options)
    // In turn, too: an agent turns away who comes in a crowd.
    login = await loginOf(target, knownHosts, ownAgent)
    const since = performance.now()
    stream ??= connect({ host: target.address, port: target.port, noDelay: true }).on('error', () => undefined)
    await firstWords(stream, target.connectSeconds * 1000, signal)
    const left = target.connectSeconds * 1000 - (performance.now() - since)
    const endHandshake = await starts.handshake(target, options)
    return await loggedIn(stream, target, { ...login, keepaliveSeconds, milliseconds: left, signal }).finally(
      endHandshake,
    )
  } catch (error) {
    stream?.destroy()
    // Whoever stops may have hundreds of nodes still to come.
    if (signal?.aborted) throw givenUp(target)
    if (isDomainError(error) || !(error instanceof Error) || login === undefined) throw error
    throw connectionError(target, error, login.credentials)
  } finally {
    endStart()
  }
}

interface Login {
  /** The entries of this host. */
  readonly known: readonly KnownHost[]
  readonly credentials: Credentials
  readonly keepaliveSeconds: number
  /** For handshake and login together. */
  readonly milliseconds: number
  readonly signal: AbortSignal | undefined
}

/** Rejects with what ssh2 said, or where it was the host's key that stood in the way, with that. */
async function loggedIn(stream: Duplex, target: HostTarget, login: Login): Promise<Client> {
  const { known, signal } = login
  const client = new Client()
  let abort = () => {}
  let seen: { key: Buffer; judgement: HostKeyJudgement } | undefined
  const judge = (key: Buffer) => {
    seen = { key, judgement: judgeHostKey(known, key) }
    return seen.judgement.verdict === 'trusted'
  }
  await new Promise<void>((resolve, reject) => {
    abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) return abort()
    // Never removed: an error may come at any time, even after the end, and unheard would end the process.
    client.on('error', (error) => {
      const refused = seen !== undefined && seen.judgement.verdict !== 'trusted'
      reject(refused && seen ? hostKeyError(target, seen.key, seen.judgement) : error)
    })
    client.once('close', () => reject(new Error('the connection was closed')))
    client.once('ready', () => resolve())
    if (stream.destroyed) return reject(stream.errored ?? new Error('the connection was closed'))
    client.connect({ ...settingsFor(target, login), sock: stream, hostVerifier: judge })
  })
    // The signal may live as long as the process: what listens to it keeps the connection and the key.
    .finally(() => signal?.removeEventListener('abort', abort))
  return client
}

/** The library accepts any host key unless told otherwise, knows no known_hosts and keeps no connection alive. */
function settingsFor(target: HostTarget, { known, credentials, keepaliveSeconds, milliseconds }: Login): ConnectConfig {
  return {
    username: target.user,
    ...credentials.settings,
    readyTimeout: Math.max(1, milliseconds),
    keepaliveInterval: keepaliveSeconds * 1000,
    keepaliveCountMax: 3,
    algorithms: algorithmsFor(keyTypesOf(known)),
  }
}

async function loginOf(
  target: HostTarget,
  knownHosts: KnownHosts,
  ownAgent: string | undefined,
): Promise<Pick<Login, 'known' | 'credentials'>> {
  const known = entriesFor(await knownHosts(), target.address, target.port)
  return { known, credentials: await credentialsOf(target, ownAgent) }
}

function givenUp(target: HostTarget): DomainError {
  return new DomainError('host-unreachable', `Connecting to ${labelOf(target)} was given up.`, { host: target.name })
}
