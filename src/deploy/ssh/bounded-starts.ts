import { FairTurns } from './fair-turns.ts'

/** Lets so many tasks run at once; the others wait for their turn, in order. */
export class BoundedStarts {
  readonly #turns: FairTurns

  constructor(limit: number) {
    this.#turns = new FairTurns(limit)
  }

  /** Rejects with the signal's reason where that comes before the turn. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const end = await this.#turns.take('all', signal)
    try {
      return await task()
    } finally {
      end()
    }
  }
}
