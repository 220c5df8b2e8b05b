import type { Clock } from '../clock.ts'
import type { HostConnection } from './host-connection.ts'

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
