/**
 * Wakes a worker for a service. A job is only a pointer: the documents in the store decide what is to do, so a job may
 * be lost (the reconciler asks again), doubled, or late without harm.
 *
 * Contract (test/contract/deploy-queue.ts): a service enqueued while no job of it waits is handed to exactly one
 * consumer; enqueued again while its job waits: one job; enqueued while its job is being worked on: handed out once more
 * afterwards. A handler that rejects drops the job and reports the error; it does not stop the consumer.
 */
export interface DeployQueue {
  /**
   * Rejects with `storage-unavailable` where the queue is away, within two seconds even where it was never there; callers
   * treat that as "the reconciler will do it".
   */
  enqueue(service: string): Promise<void>
  /**
   * Starts consuming, up to `concurrency` services at once, now or when the queue is back. Disposing stops taking jobs and
   * waits for those in hand, never for the queue.
   */
  consume(handle: (service: string) => Promise<void>, concurrency: number): Promise<AsyncDisposable>
  /** How many services wait for a consumer that takes them. Rejects, within two seconds, where the queue is away. */
  waiting(): Promise<number>
  close(): Promise<void>
}
