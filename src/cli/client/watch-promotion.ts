import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Phase } from '../../deploy/rollout/model.ts'
import type { Terminal } from '../command.ts'
import { type DeployEvent, deployEvent, eventsOf, understood } from './deploy-event.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { ClientError, type RemoteServer } from './server.ts'
import { progressTeller } from './tell-progress.ts'

/** `status` as the answer would have it: 202 where it is not done, though each deploy may be over. */
const resultEvent = z.object({ message: z.string(), deploys: z.array(deployEvent), status: z.number().optional() })

export interface PromotionRequest {
  /** `/promote/app/1.4.2`, or the rollback of a service. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: object
  /** Seconds; 0 asks for no more than the deploys to begin. */
  readonly wait: number
  /** Makes the request one, however often it is sent; made up where left out. */
  readonly key?: string
}

const pauseMilliseconds = 1_000

/**
 * Promotes, and tells what happens until it is over. A connection that breaks is made anew with the same key, so that
 * nothing is promoted twice. Answers with the exit code.
 */
export async function watchPromotion(
  server: RemoteServer,
  request: PromotionRequest,
  terminal: Terminal,
): Promise<number> {
  const teller = progressTeller(terminal)
  const key = request.key ?? randomUUID()
  const until = Date.now() + request.wait * 1000
  try {
    for (;;) {
      const wait = Math.max(0, Math.ceil((until - Date.now()) / 1000))
      const ended = await watchOnce(server, request, { key, wait }, teller.tell).catch((error: unknown) => {
        if (error instanceof ClientError) throw error
        if (terminal.signal.aborted) throw new ClientError('Stopped. The deploy goes on.', exitCodes.stillRunning)
      })
      if (ended !== undefined) {
        teller.end()
        return end(ended, terminal)
      }
      if (wait === 0) return exitCodes.stillRunning
      teller.note('The connection broke; asking again.')
      await pause(pauseMilliseconds, undefined, { signal: terminal.signal }).catch(() => undefined)
    }
  } finally {
    teller.end()
  }
}

/** The result, or `undefined` where the connection broke before it came. */
async function watchOnce(
  server: RemoteServer,
  { path, query, body }: PromotionRequest,
  { key, wait }: { readonly key: string; readonly wait: number },
  onDeploy: (event: DeployEvent) => void,
): Promise<z.infer<typeof resultEvent> | undefined> {
  const search = new URLSearchParams({ ...query, wait: String(wait) })
  const accept = wait > 0 ? 'text/event-stream' : 'application/json'
  const headers = { 'idempotency-key': key }
  const answer = await server.ask(`${path}?${search}`, { method: 'POST', accept, body, headers })
  if (wait === 0) return understood(resultEvent, await answer.text())
  for await (const { event, data } of eventsOf(answer)) {
    if (event === 'deploy') onDeploy(understood(deployEvent, data))
    if (event === 'result') return understood(resultEvent, data)
  }
  return undefined
}

function end({ message, deploys, status }: z.infer<typeof resultEvent>, { print }: Pick<Terminal, 'print'>): number {
  print(message)
  const phases: readonly Phase[] = deploys.map(({ phase }) => phase)
  for (const { id, url, phase } of deploys) {
    print(`  ${url}`)
    if (phase === 'gated') print(`  Somebody else approves it: wheelhouse approve ${id}`)
  }
  const code = exitCodeOf(phases)
  return status === 202 && code === exitCodes.stable ? exitCodes.stillRunning : code
}
