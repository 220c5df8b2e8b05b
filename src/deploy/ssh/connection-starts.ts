import type { ConnectOptions, HostTarget } from '../remote-host.ts'
import { FairTurns } from './fair-turns.ts'

/** Connections to one sshd that have not logged in: two workers stay below the ten from which on it turns away at random (MaxStartups). */
const atOneHost = 4

/** Handshakes at once: each costs CPU of this process. */
const handshakesAtOnce = 8

/** So long a handshake counts: one that takes longer waits for its host, and that costs nothing here. */
const handshakeMilliseconds = 500

/**
 * Who may begin a connection, and who may shake hands. What is scarce is a place at an sshd that does not know us yet, and CPU here:
 * hosts that do not answer take neither from any other, however many they are.
 */
export class ConnectionStarts {
  readonly #handshakes = new FairTurns(handshakesAtOnce, handshakeMilliseconds)
  readonly #hosts = new Map<string, FairTurns>()

  /** From before the first word, which behind a jump host comes after the way there was opened, until one is logged in, or was not let in. Resolves with what ends it. */
  async atHost(target: HostTarget, options: ConnectOptions): Promise<() => void> {
    const key = JSON.stringify([target.jump?.map(({ address, port }) => [address, port]), target.address, target.port])
    const turns = this.#hosts.get(key) ?? new FairTurns(atOneHost)
    this.#hosts.set(key, turns)
    const end = await taken(turns, target, options)
    return () => {
      end()
      if (turns.isIdle && this.#hosts.get(key) === turns) this.#hosts.delete(key)
    }
  }

  /** From when the host has spoken, or is spoken to. */
  async handshake(target: HostTarget, options: ConnectOptions): Promise<() => void> {
    return await taken(this.#handshakes, target, options)
  }
}

async function taken(turns: FairTurns, { fleet = '' }: HostTarget, options: ConnectOptions): Promise<() => void> {
  const since = performance.now()
  try {
    return await turns.take(fleet, options.signal)
  } finally {
    options.waited?.(performance.now() - since)
  }
}
