/**
 * Lets so many be at it at once; whoever waits gets a turn in order, but one of each party after the other, so that a crowd
 * of one holds up no other. A turn may end by itself after a while: whoever takes longer waits for somebody else.
 */
export class FairTurns {
  readonly #limit: number
  readonly #holdMilliseconds: number | undefined
  /** The party whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #taken = 0

  constructor(limit: number, holdMilliseconds?: number) {
    this.#limit = limit
    this.#holdMilliseconds = holdMilliseconds
  }

  get isIdle(): boolean {
    return this.#taken === 0
  }

  /** Resolves with what ends the turn. Rejects with the signal's reason where that comes first. */
  async take(party: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#taken < this.#limit) this.#taken += 1
    else await this.#turnOf(party, signal)
    let timer: NodeJS.Timeout | undefined
    let over = false
    const end = () => {
      clearTimeout(timer)
      if (!over) this.#pass()
      over = true
    }
    if (this.#holdMilliseconds !== undefined) timer = setTimeout(end, this.#holdMilliseconds)
    return end
  }

  async #turnOf(party: string, signal?: AbortSignal): Promise<void> {
    const queue = this.#waiting.get(party) ?? []
    this.#waiting.set(party, queue)
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        queue.splice(queue.indexOf(turn), 1)
        if (queue.length === 0) this.#waiting.delete(party)
        reject(signal?.reason)
      }
      const turn = () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      queue.push(turn)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** On to the next, or given back. */
  #pass(): void {
    const [[party, queue] = []] = this.#waiting
    if (party === undefined || queue === undefined) {
      this.#taken -= 1
      return
    }
    this.#waiting.delete(party)
    const turn = queue.shift()
    if (queue.length > 0) this.#waiting.set(party, queue)
    turn?.()
  }
}
