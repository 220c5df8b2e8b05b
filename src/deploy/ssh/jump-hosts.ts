import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { DomainError, isDomainError } from '../../errors.ts'
import type { ConnectOptions, HostTarget, JumpHost } from '../remote-host.ts'
import { labelOf, sentence } from './connection-errors.ts'
import { forwarded } from './forwarded.ts'
import type { OpenClient } from './open-client.ts'
import { silenceOf } from './silence.ts'

export interface Way {
  /** A connection of its own to the target's sshd. */
  readonly stream: Duplex
  /** Why it leads nowhere any more, where that is the jump host's doing. */
  lost(): string | undefined
  /** The same of a login through it that came to nothing, also where the jump host is only silent by now. */
  fault(): Promise<DomainError | undefined>
  /** Nobody uses it any more. */
  release(): void
}

interface Opened {
  readonly client: Promise<Client>
  /** Ends the attempt to connect, once nobody waits for it. */
  readonly stop: AbortController
  /** Told how long the connection itself had to wait for its turn. */
  readonly waiting: Set<(milliseconds: number) => void>
  users: number
  isLost: boolean
}

/**
 * Connections to jump hosts, each shared by all targets that lie behind it and closed after the last of them. One that was lost
 * takes those along, and is made anew for whoever comes next.
 */
export class JumpHosts {
  readonly #open: OpenClient
  readonly #opened = new Map<string, Opened>()

  constructor(open: OpenClient) {
    this.#open = open
  }

  /** Logs in to the target, through what lies before it. `lost` says why that led nowhere any more, where a jump host is at fault. */
  async login(target: HostTarget, options: ConnectOptions): Promise<{ client: Client; lost(): string | undefined }> {
    const way = await this.wayTo(target, options)
    try {
      const client = await this.#open(target, options, way?.stream)
      client.once('close', () => way?.release())
      return { client, lost: () => way?.lost() }
    } catch (error) {
      const unreached = isDomainError(error, 'host-unreachable') && !options.signal?.aborted
      const fault = unreached ? await way?.fault() : undefined
      way?.release()
      throw fault ?? error
    }
  }

  /** `undefined` where the target is reached without any. */
  async wayTo(target: HostTarget, options: ConnectOptions = {}): Promise<Way | undefined> {
    const jump = target.jump?.at(-1)
    if (jump === undefined) return undefined
    const hop = hopOf(target, jump)
    const key = JSON.stringify([target.keyPath, target.agent, target.jump])
    const opened = this.#opened.get(key) ?? this.#connect(key, hop)
    opened.users += 1
    let released = false
    const release = () => {
      if (released) return
      released = true
      opened.users -= 1
      if (opened.users === 0) this.#close(key, opened)
    }
    const lost = () => (opened.isLost ? `the connection to ${labelOf(hop)} was lost` : undefined)
    try {
      const client = await joined(opened, target, options)
      const stream = await forwarded(client, hop, target, options.signal)
      const fault = async () => {
        const silence = await silenceOf(hop, client)
        const why = lost()
        return why === undefined ? silence : unreachable(target, why)
      }
      return { stream, lost, fault, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** For all who come: none of them alone can give it up. */
  #connect(key: string, hop: HostTarget): Opened {
    const [stop, waiting] = [new AbortController(), new Set<(milliseconds: number) => void>()]
    const options: ConnectOptions = {
      signal: stop.signal,
      waited: (milliseconds) => {
        for (const told of waiting) told(milliseconds)
      },
    }
    const client = this.#connected(hop, options)
    const opened: Opened = { client, stop, waiting, users: 0, isLost: false }
    this.#opened.set(key, opened)
    const lose = () => {
      opened.isLost = true
      this.#forget(key, opened)
    }
    client.then((opening) => opening.once('close', lose), lose)
    return opened
  }

  async #connected(hop: HostTarget, options: ConnectOptions): Promise<Client> {
    const { client } = await this.login(hop, options)
    // Each that lies behind it listens.
    client.setMaxListeners(0)
    return client
  }

  #close(key: string, opened: Opened): void {
    this.#forget(key, opened)
    opened.stop.abort()
    opened.client.then((client) => client.end()).catch(() => undefined)
  }

  #forget(key: string, opened: Opened): void {
    if (this.#opened.get(key) === opened) this.#opened.delete(key)
  }
}

function unreachable(target: HostTarget, why: string): DomainError {
  const text = `${sentence(labelOf(target))} cannot be reached: ${why}.`
  return new DomainError('host-unreachable', text, { host: target.name })
}

/** The last jump host as a target of its own, behind those before it. */
function hopOf(
  { keyPath, agent, connectSeconds, fleet, jump = [] }: HostTarget,
  { address, port, user }: JumpHost,
): HostTarget {
  const hop = {
    name: address,
    address,
    port,
    user,
    keyPath,
    agent,
    connectSeconds,
    isJumpHost: true,
    jump: jump.slice(0, -1),
  }
  return fleet === undefined ? hop : { ...hop, fleet }
}

/** Of what passed before one came to wait as well, nothing is one's own. */
async function joined(opened: Opened, target: HostTarget, { signal, waited }: ConnectOptions): Promise<Client> {
  const since = performance.now()
  const told = (milliseconds: number) => waited?.(Math.min(milliseconds, performance.now() - since))
  opened.waiting.add(told)
  let abort = () => {}
  const givenUp = new Promise<never>((_, reject) => {
    abort = () => reject(new DomainError('host-unreachable', `Connecting to ${target.name} was given up.`))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
  })
  try {
    return await Promise.race([opened.client, givenUp])
  } finally {
    opened.waiting.delete(told)
    signal?.removeEventListener('abort', abort)
  }
}
