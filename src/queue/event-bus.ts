/** Something changed; whoever cares reads the document. */
export interface BusEvent {
  /**
   * `deploy`: head of a deploy was saved. `control`: a deploy was told something. `service`: its document was saved.
   * `token`: a token was changed or revoked.
   */
  readonly topic: 'deploy' | 'control' | 'service' | 'token'
  /** The id of the deploy, service or token. */
  readonly id: string
  /** Serial of the document that was written, so that a reader knows whether it has it already. */
  readonly serial: number
}

/**
 * Live news between processes. May lose anything at any time (Redis away, slow reader): a subscriber also looks by
 * itself now and then. Never blocks or fails the publisher. Contract: test/contract/event-bus.ts.
 */
export interface EventBus {
  publish(event: BusEvent): void
  /**
   * Resolves once events published from now on, by any process, will arrive. Never rejects, and waits two seconds at most:
   * where the bus is away or refuses, that is reported, and the listener hears nothing until it is back.
   */
  subscribe(listener: (event: BusEvent) => void): Promise<Disposable>
  /** Rejects where news would be lost now. */
  ping(): Promise<void>
  close(): Promise<void>
}
