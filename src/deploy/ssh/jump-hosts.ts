import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { DomainError } from '../../errors.ts'
import type { ConnectOptions, HostTarget, JumpHost } from '../remote-host.ts'
import { labelOf } from './connection-errors.ts'
import { forwarded } from './forwarded.ts'
import type { OpenClient } from './open-client.ts'

export interface Way {
  /** A connection of its own to the target's sshd. */
  readonly stream: Duplex
  /** Why it leads nowhere any more, where that is the jump host's doing. */
  lost(): string | undefined
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

  /** `undefined` where the target is reached without any. */
  async wayTo(target: HostTarget, options: ConnectOptions = {}): Promise<Way | undefined> {
    const jump = target.jump?.at(-1)
    if (jump === undefined) return undefined
    const hop = hopOf(target, jump)
    const key = JSON.stringify([target.keyPath, target.jump])
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
      const stream = await forwarded(await joined(opened, target, options), hop, target, options.signal)
      return { stream, lost, release }
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
    const way = await this.wayTo(hop, options)
    try {
      const client = await this.#open(hop, options, way?.stream)
      client.once('close', () => way?.release())
      // Each that lies behind it listens.
      client.setMaxListeners(0)
      return client
    } catch (error) {
      way?.release()
      throw error
    }
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

/** The last jump host as a target of its own, behind those before it. */
function hopOf(
  { keyPath, connectSeconds, fleet, jump = [] }: HostTarget,
  { address, port, user }: JumpHost,
): HostTarget {
  const hop = { name: address, address, port, user, keyPath, connectSeconds, isJumpHost: true, jump: jump.slice(0, -1) }
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
