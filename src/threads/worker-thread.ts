import { Worker } from 'node:worker_threads'

/** Something asked of a thread, and answered: once, or several times until it is forgotten. */
export interface Conversation {
  readonly session: number
}

export interface WorkerThread<Request extends Conversation, Answer extends Conversation> {
  /** `listen` hears all answers of the session, until `forget`. */
  send(request: Request, listen?: (answer: Answer) => void): void
  forget(session: number): void
  /** How many sessions are not forgotten. */
  readonly busy: number
  stop(): Promise<unknown>
}

/**
 * A thread that runs `script`. One that dies (out of memory, say) fails the sessions that it has, by the answers that
 * `failure` makes, and is started again for the next one. It does not keep the process alive.
 */
export function startThread<Request extends Conversation, Answer extends Conversation>(
  script: URL,
  failure: (session: number, message: string) => Answer,
): WorkerThread<Request, Answer> {
  const listeners = new Map<number, (answer: Answer) => void>()
  let worker: Worker | undefined = start()

  function start(): Worker {
    const started = new Worker(script)
    started.on('message', (answer: Answer) => listeners.get(answer.session)?.(answer))
    started.on('error', ({ message }) => {
      worker = undefined
      for (const [session, listen] of [...listeners]) listen(failure(session, message))
    })
    started.unref()
    return started
  }

  return {
    send(request, listen) {
      if (listen !== undefined) listeners.set(request.session, listen)
      worker ??= start()
      worker.postMessage(request)
    },
    forget: (session) => void listeners.delete(session),
    get busy() {
      return listeners.size
    },
    stop: async () => await worker?.terminate(),
  }
}
