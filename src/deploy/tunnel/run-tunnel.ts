import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { isDomainError, messageOf } from '../../errors.ts'
import type { RunOutcome } from '../detached-run.ts'
import { killScript } from '../node/kill.ts'
import { keptProxyScript, type NodeProxy, proxyIn, proxyUrl, proxyUser } from '../node/proxy.ts'
import type { RemoteHost, ReversePort } from '../remote-host.ts'
import { type IndexProxy, indexProxy } from './proxy.ts'

export interface TunnelSettings {
  readonly clock: Clock
  /** How people call the node. */
  readonly name: string
  /** The run that is to read, see `DetachedRun`, and what ends it. */
  readonly run: { readonly python: string; readonly root: string; readonly attempt: string }
  /** Of `reachable`. */
  readonly allowed: ReadonlySet<string>
  /** What installers asked for in vain, as a sentence: each once. */
  readonly refused: (why: string) => void
}

/** So long one asks for the port of a run that is under way: an old connection may hold it until it is seen to be dead. */
const askAgainMilliseconds = 20_000
const lookMilliseconds = 500
const lookSeconds = 30

/** Beyond, a node only repeats itself, or means harm. */
const refusalsKept = 20

/**
 * The way of one run to its indexes: a port on the loopback of the node, and behind it a proxy in this process. One that was
 * opened before, by whoever, is opened anew with the same port and credential, as the run that is under way knows no other.
 */
export class RunTunnel implements AsyncDisposable {
  readonly #settings: TunnelSettings
  readonly #refusals = new Set<string>()
  #opened: { readonly port: ReversePort; readonly proxy: IndexProxy } | undefined
  #lost: string | undefined

  constructor(settings: TunnelSettings) {
    this.#settings = settings
  }

  /** What the run is to be told, for a connection that was made just now. Rejects as `RemoteHost.listen` does. */
  async open(host: RemoteHost, signal?: AbortSignal): Promise<string> {
    await this.#close()
    const { run } = this.#settings
    const found = await host.run(keptProxyScript(run), { timeoutSeconds: lookSeconds })
    const kept = proxyIn(found.stdout)
    const password = kept?.password ?? randomBytes(24).toString('hex')
    const proxy = indexProxy({
      allowed: this.#settings.allowed,
      credential: `${proxyUser}:${password}`,
      refused: (why) => this.#refused(why),
    })
    try {
      const port = kept === undefined ? await host.listen(0, proxy.take) : await this.#again(host, kept, proxy, signal)
      if (port !== undefined) this.#opened = { port, proxy }
      else proxy[Symbol.dispose]()
      return proxyUrl({ port: port?.port ?? kept?.port ?? 0, password })
    } catch (error) {
      proxy[Symbol.dispose]()
      throw error
    }
  }

  /** How the run ended: where it failed, with what stood in its way here. */
  told(outcome: RunOutcome): RunOutcome {
    if (outcome.kind === 'refused') return outcome
    const failed = outcome.kind === 'died' || outcome.code !== 0
    const why = [...[...this.#refusals].slice(-2), ...(this.#lost === undefined ? [] : [this.#lost])]
    if (!failed || why.length === 0) return outcome
    return { ...outcome, output: `${outcome.output.replace(/\n?$/, '\n')}${why.join('\n')}\n` }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  /** A run whose port somebody else has would speak to whoever that is: it is ended. */
  async #again(
    host: RemoteHost,
    kept: NodeProxy,
    proxy: IndexProxy,
    signal?: AbortSignal,
  ): Promise<ReversePort | undefined> {
    const { clock, name, run } = this.#settings
    const since = clock.monotonic()
    for (;;) {
      try {
        return await host.listen(kept.port, proxy.take)
      } catch (error) {
        if (!isDomainError(error, 'forwarding-refused') || signal?.aborted) throw error
        if (clock.monotonic() - since < askAgainMilliseconds) {
          await clock.sleep(lookMilliseconds, signal)
          continue
        }
        this.#lost =
          `The connection to ${name} was lost, and with it the way of the installer to the indexes, which could not be opened again: ` +
          `${messageOf(error)} So the run was ended. Promote again.`
        await host.run(killScript(run), { timeoutSeconds: lookSeconds })
        return undefined
      }
    }
  }

  #refused(why: string): void {
    if (this.#refusals.has(why) || this.#refusals.size >= refusalsKept) return
    this.#refusals.add(why)
    this.#settings.refused(why)
  }

  async #close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    opened?.proxy[Symbol.dispose]()
    await opened?.port[Symbol.asyncDispose]()
  }
}
