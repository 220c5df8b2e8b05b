/**
 * Things to close, last opened first: what `AsyncDisposableStack` does, which Node 20 lacks. A failure to close one does
 * not keep the others open; the first failure is thrown at the end.
 */
export class Disposals implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = []

  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.#closers.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    )
    return resource
  }

  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Hands everything over to a new owner: closing this one does nothing then. */
  move(): Disposals {
    const moved = new Disposals()
    moved.#closers.push(...this.#closers.splice(0))
    return moved
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
