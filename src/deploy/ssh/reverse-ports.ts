import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import type { HostTarget, ReversePort } from '../remote-host.ts'

const loopback = '127.0.0.1'

/** Ports on the loopback of a host whose connections come here, as `ssh -R` asks for them: any number over one connection. */
export class ReversePorts {
  readonly #client: Client
  readonly #target: HostTarget
  readonly #takers = new Map<number, (connection: Duplex) => void>()

  constructor(client: Client, target: HostTarget) {
    this.#client = client
    this.#target = target
    client.on('tcp connection', ({ destPort }, accept, reject) => {
      const take = this.#takers.get(destPort)
      if (take === undefined) return reject()
      const connection: Duplex = accept()
      // What a channel has to say of its end comes by `close`; unheard an error would end the process.
      connection.on('error', () => undefined)
      take(connection)
    })
  }

  async listen(port: number, take: (connection: Duplex) => void): Promise<ReversePort> {
    const given = await this.#asked(port, take)
    return {
      port: given,
      [Symbol.asyncDispose]: async () => {
        if (this.#takers.delete(given)) await this.#givenBack(given)
      },
    }
  }

  /** Whoever takes its connections is there as soon as the port is: the first may come in the same breath. */
  #asked(port: number, take: (connection: Duplex) => void): Promise<number> {
    const { name, address, port: sshPort, connectSeconds } = this.#target
    const where = `${name} (${address}:${sshPort})`
    return new Promise<number>((resolve, reject) => {
      const lost = (why: string) =>
        reject(new DomainError('outcome-unknown', `${where} gave no port: ${why}.`, { host: name }))
      const closed = () => lost('the connection was lost')
      const timer = setTimeout(lost, connectSeconds * 1000, `it did not answer in ${connectSeconds} s`)
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#client.off('close', closed)
        end()
      }
      this.#client.once('close', closed)
      try {
        this.#client.forwardIn(loopback, port, (error, given) => {
          if (error) return settle(() => reject(refused(where, name, port)))
          this.#takers.set(given, take)
          settle(() => resolve(given))
        })
      } catch (error) {
        settle(() => lost(messageOf(error)))
      }
    })
  }

  /** With the connection all of its ports are given back anyway. */
  #givenBack(port: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#client.off('close', done)
        resolve()
      }
      this.#client.once('close', done)
      try {
        this.#client.unforwardIn(loopback, port, done)
      } catch {
        done()
      }
    })
  }
}

/** sshd gives no reason. Where any port would do it is not one that somebody else has. */
function refused(where: string, host: string, port: number): DomainError {
  const text =
    port === 0
      ? `${where} lets the key open no port for the worker (ssh -R). In authorized_keys there the key needs ` +
        'restrict,port-forwarding,permitlisten="127.0.0.1:*" and in sshd_config AllowTcpForwarding has to be yes or remote.'
      : `${where} does not give port ${port} again: somebody else has it, or an old connection still holds it.`
  return new DomainError('forwarding-refused', text, { host, port })
}
