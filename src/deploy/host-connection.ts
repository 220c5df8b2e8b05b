import { PythonSession } from './python-session.ts'
import type { HostTarget, RemoteHost, RemoteHosts } from './remote-host.ts'

/** One connection to one node for the whole of a deploy, made when it is first needed and anew when it was lost. */
export class HostConnection implements AsyncDisposable {
  readonly target: HostTarget
  readonly #hosts: RemoteHosts
  #host: Promise<RemoteHost> | undefined
  #waited = 0
  #python: PythonSession | undefined

  constructor(hosts: RemoteHosts, target: HostTarget) {
    this.#hosts = hosts
    this.target = target
  }

  /** Milliseconds in which others were served before its host was tried, all in all. */
  get waited(): number {
    return this.#waited
  }

  open(signal?: AbortSignal): Promise<RemoteHost> {
    const waited = (milliseconds: number) => {
      this.#waited += milliseconds
    }
    const opening = this.#host ?? this.#hosts.connect(this.target, { signal, waited })
    this.#host = opening
    opening.catch(() => {
      if (this.#host === opening) this.#host = undefined
    })
    return opening
  }

  /** The one that looks are asked of: that of the look before, unless it ended or another interpreter is asked for. */
  pythonOn(host: RemoteHost, python: string): PythonSession {
    const last = this.#python
    if (last?.isOpen && last.python === python) return last
    last?.[Symbol.dispose]()
    this.#python = new PythonSession(host, this.target.name, python)
    return this.#python
  }

  /** What is left of a lost connection is closed; the next `open` makes a new one. */
  async drop(): Promise<void> {
    const host = this.#host
    this.#host = undefined
    this.#python?.[Symbol.dispose]()
    this.#python = undefined
    await host?.then((opened) => opened[Symbol.asyncDispose]()).catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop()
  }
}
