import type { Clock } from '../clock.ts'
import { isDomainError } from '../errors.ts'
import type { HostConnection } from './host-connection.ts'
import type { RemoteHost } from './remote-host.ts'

/** How long nothing came of a node, without the time in which others were served before it was tried. */
export class TimeAway {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #connection: Pick<HostConnection, 'waited'>
  #since = 0
  #waited = 0

  constructor(clock: Pick<Clock, 'monotonic'>, connection: Pick<HostConnection, 'waited'>) {
    this.#clock = clock
    this.#connection = connection
    this.restart()
  }

  /** From now on. */
  restart(): void {
    this.#since = this.#clock.monotonic()
    this.#waited = this.#connection.waited
  }

  get milliseconds(): number {
    return Math.max(0, this.#clock.monotonic() - this.#since - (this.#connection.waited - this.#waited))
  }
}

export interface Patience {
  readonly clock: Clock
  /** How long the node may be out of reach, all in all since it was last heard of. */
  readonly patienceSeconds: number
  readonly signal?: AbortSignal | undefined
  /** What acts for longer without a word hangs: that has to end some day as well. */
  readonly longestSeconds?: number
}

/**
 * Acts over a connection, and where that is lost over the next. The time in which it acted before is none in which the node was
 * out of reach, nor is that in which others were served first. `heard` is to be called when something comes of the node.
 */
export async function throughCuts<T>(
  connection: HostConnection,
  { clock, patienceSeconds, signal, longestSeconds = Number.POSITIVE_INFINITY }: Patience,
  act: (host: RemoteHost, heard: () => void) => Promise<T>,
): Promise<T> {
  const last = new TimeAway(clock, connection)
  let away = 0
  for (let attempt = 0; ; attempt++) {
    let acting: number | undefined
    const heard = () => {
      away = 0
      acting = clock.monotonic()
      last.restart()
    }
    try {
      const host = await connection.open(signal)
      acting = clock.monotonic()
      return await act(host, heard)
    } catch (error) {
      const acted = acting === undefined ? 0 : clock.monotonic() - acting
      away += last.milliseconds - (acted < longestSeconds * 1000 ? acted : 0)
      last.restart()
      const lost = isDomainError(error, 'outcome-unknown') || isDomainError(error, 'host-unreachable')
      if (!lost || signal?.aborted || away > patienceSeconds * 1000) throw error
      await connection.drop()
      await clock.sleep(Math.min(5_000, 100 * 2 ** attempt), signal)
    }
  }
}
