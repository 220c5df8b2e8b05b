/** Collects output up to a bound: beyond it the head and the tail are kept, and a line says how much is missing. */
export class CappedText {
  readonly #half: number
  #head = ''
  #tail = ''
  #dropped = 0

  /** In characters. */
  constructor(limit: number) {
    this.#half = Math.floor(limit / 2)
  }

  add(text: string): void {
    const room = this.#half - this.#head.length
    this.#head += text.slice(0, room)
    this.#tail += text.slice(Math.max(0, room))
    // Cut seldom: cutting a long string for every chunk would be quadratic.
    if (this.#tail.length > this.#half * 2) this.#cut()
  }

  toString(): string {
    this.#cut()
    const gap = this.#dropped === 0 ? '' : `\n[... ${this.#dropped} characters left out ...]\n`
    return this.#head + gap + this.#tail
  }

  #cut(): void {
    const excess = Math.max(0, this.#tail.length - this.#half)
    this.#dropped += excess
    this.#tail = this.#tail.slice(excess)
  }
}
