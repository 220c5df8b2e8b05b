import { setTimeout as pause } from 'node:timers/promises'
import { isOver, type Phase } from '../../deploy/rollout/model.ts'
import type { Terminal } from '../command.ts'
import { deployEvent, eventsOf, understood } from './deploy-event.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { ClientError, type RemoteServer } from './server.ts'
import { progressTeller, type Teller } from './tell-progress.ts'

export interface FollowRequest {
  /** `/deploys/web.production.7` */
  readonly path: string
  /** Seconds; until it is over where left out, be it days. */
  readonly wait?: number | undefined
}

interface Heard {
  readonly phase: Phase
  /** The number of the event, by which the next connection goes on. */
  readonly id: string | undefined
}

const pauseMilliseconds = 1_000

/**
 * Tells what happens to a deploy until it is over. A connection that breaks is made anew, and goes on where the last one was.
 * Answers with the exit code that its promotion would have ended with.
 */
export async function followDeploy(server: RemoteServer, request: FollowRequest, terminal: Terminal): Promise<number> {
  const teller = progressTeller(terminal)
  const waited = request.wait === undefined ? undefined : AbortSignal.timeout(request.wait * 1000)
  const signal = waited === undefined ? terminal.signal : AbortSignal.any([terminal.signal, waited])
  let last: Heard | undefined
  const hear = (heard: Heard) => {
    last = heard
  }
  try {
    for (;;) {
      await listen(server, request.path, { signal, after: last?.id }, teller, hear).catch((error: unknown) => {
        if (waited?.aborted) return
        if (error instanceof ClientError) throw error
      })
      if (last !== undefined && isOver(last.phase)) return exitCodeOf([last.phase])
      if (waited?.aborted) {
        const phase = last?.phase ?? (await phaseNow(server, request.path))
        if (!isOver(phase)) teller.note('The wait is over, the deploy goes on.')
        return exitCodeOf([phase])
      }
      if (!terminal.signal.aborted) teller.note('The connection broke; asking again.')
      await pause(pauseMilliseconds, undefined, { signal }).catch(() => undefined)
      if (terminal.signal.aborted) throw new ClientError('Stopped. The deploy goes on.', exitCodes.stillRunning)
    }
  } finally {
    teller.end()
  }
}

/** For who waited too short to hear of it. */
async function phaseNow(server: RemoteServer, path: string): Promise<Phase> {
  return understood(deployEvent, await server.read(path, { accept: 'application/json' })).phase
}

async function listen(
  server: RemoteServer,
  path: string,
  { signal, after }: { readonly signal: AbortSignal; readonly after: string | undefined },
  teller: Teller,
  hear: (heard: Heard) => void,
): Promise<void> {
  const headers = after === undefined ? {} : { 'last-event-id': after }
  const answer = await server.ask(`${path}/events`, { accept: 'text/event-stream', signal, headers })
  for await (const { event, data, id } of eventsOf(answer)) {
    if (event !== 'deploy') continue
    const seen = understood(deployEvent, data)
    teller.tell(seen)
    hear({ phase: seen.phase, id: id ?? after })
  }
}
