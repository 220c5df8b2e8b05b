/**
 * One read at a time, shared by all who wait. Who asks while a read is running waits for the one after it, because the
 * running one began too early to show what was written before the question.
 */
export class SharedRead {
  readonly #read: () => Promise<void>
  #running: Promise<void> | undefined
  #waiting: Promise<void> | undefined

  constructor(read: () => Promise<void>) {
    this.#read = read
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  /** Resolves once a read that started after the call is done; rejects as that read does. */
  next(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#read().finally(() => {
        this.#running = undefined
      })
      return this.#running
    }
    this.#waiting ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined
        return this.next()
      })
    return this.#waiting
  }
}
