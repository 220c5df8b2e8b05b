import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { DomainError } from '../../errors.ts'
import type { HostTarget, JumpHost } from '../remote-host.ts'
import type { OpenClient } from './open-client.ts'

export interface Way {
  /** A connection of its own to the target's sshd. */
  readonly stream: Duplex
  /** Nobody uses it any more. */
  release(): void
}

interface Opened {
  readonly client: Promise<Client>
  users: number
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
  async wayTo(target: HostTarget, signal?: AbortSignal): Promise<Way | undefined> {
    const jump = target.jump?.at(-1)
    if (jump === undefined) return undefined
    const hop = hopOf(target, jump)
    const key = JSON.stringify([target.keyPath, target.jump])
    const opened = this.#opened.get(key) ?? this.#connect(key, hop, signal)
    opened.users += 1
    let released = false
    const release = () => {
      if (released) return
      released = true
      opened.users -= 1
      if (opened.users === 0) this.#close(key, opened)
    }
    try {
      return { stream: await forwarded(await opened.client, hop, target, signal), release }
    } catch (error) {
      release()
      throw error
    }
  }

  #connect(key: string, hop: HostTarget, signal?: AbortSignal): Opened {
    const client = this.wayTo(hop, signal).then(async (way) => {
      try {
        const opening = await this.#open(hop, signal, way?.stream)
        opening.once('close', () => {
          way?.release()
          this.#forget(key, opened)
        })
        return opening
      } catch (error) {
        way?.release()
        throw error
      }
    })
    const opened: Opened = { client, users: 0 }
    this.#opened.set(key, opened)
    client.catch(() => this.#forget(key, opened))
    return opened
  }

  #close(key: string, opened: Opened): void {
    this.#forget(key, opened)
    opened.client.then((client) => client.end()).catch(() => undefined)
  }

  #forget(key: string, opened: Opened): void {
    if (this.#opened.get(key) === opened) this.#opened.delete(key)
  }
}

/** The last jump host as a target of its own, behind those before it. */
function hopOf({ keyPath, connectSeconds, jump = [] }: HostTarget, { address, port, user }: JumpHost): HostTarget {
  return { name: address, address, port, user, keyPath, connectSeconds, jump: jump.slice(0, -1) }
}

/** The jump host's own patience is minutes: the target's counts. */
async function forwarded(client: Client, hop: HostTarget, target: HostTarget, signal?: AbortSignal): Promise<Duplex> {
  const { name, address, port, connectSeconds } = target
  let settle = () => {}
  return await new Promise<Duplex>((resolve, reject) => {
    const failed = (why: string) => {
      const text =
        `The jump host ${hop.address} does not lead to ${name} (${address}:${port}): ${why}. ` +
        'Is the node up, and may the key forward ports there (AllowTcpForwarding, and no «restrict» without «port-forwarding»)?'
      reject(new DomainError('host-unreachable', text, { host: name }))
    }
    let over = false
    const closed = () => failed('its connection was lost')
    const abort = () => failed('waiting for it was given up')
    const timer = setTimeout(failed, connectSeconds * 1000, `the node did not answer in ${connectSeconds} s`)
    settle = () => {
      over = true
      clearTimeout(timer)
      client.off('close', closed)
      signal?.removeEventListener('abort', abort)
    }
    client.once('close', closed)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => {
      if (error) failed(error.message)
      // One that comes late is nobody's.
      else if (over) stream.destroy()
      else resolve(stream)
    })
  }).finally(() => settle())
}
