export interface FailureDetails {
  /** As it was printed. */
  readonly command?: string
  readonly output?: string
  /** What to do about it, in sentences. */
  readonly remedy: string
}

/** Why the demo cannot go on, for the person before it. */
export class DemoFailure extends Error {
  readonly details: FailureDetails

  constructor(message: string, details: FailureDetails) {
    super(message)
    this.name = 'DemoFailure'
    this.details = details
  }
}
