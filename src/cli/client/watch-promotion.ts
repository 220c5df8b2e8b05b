import { randomUUID } from 'node:crypto'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import { progressLines } from '../../deploy/progress-lines.ts'
import { type Phase, rolloutSchema } from '../../deploy/rollout/model.ts'
import type { Terminal } from '../command.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { ClientError, type RemoteServer } from './server.ts'

const approvalsShown = z.object({
  needed: z.number(),
  expireHours: z.number(),
  given: z.array(
    z.object({ by: z.string(), account: z.string().optional(), at: z.string(), reason: z.string().optional() }),
  ),
  askedAnew: z.object({ at: z.string(), reason: z.string() }).nullish(),
})
const deployEvent = rolloutSchema
  .pick({ project: true, version: true, service: true, phase: true, nodes: true })
  .extend({
    id: z.string(),
    url: z.string(),
    reason: z.string().nullable(),
    approvals: approvalsShown.nullish(),
    fleetProblem: z.string().nullish(),
  })
const resultEvent = z.object({ message: z.string(), deploys: z.array(deployEvent) })

type DeployEvent = z.infer<typeof deployEvent>

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

/**
 * Promotes, and tells what happens until it is over. A connection that breaks is made anew with the same key, so that
 * nothing is promoted twice. Answers with the exit code.
 */
export async function watchPromotion(
  server: RemoteServer,
  request: PromotionRequest,
  terminal: Pick<Terminal, 'print' | 'printError' | 'signal'>,
): Promise<number> {
  const told = new Map<string, DeployEvent>()
  const key = request.key ?? randomUUID()
  const until = Date.now() + request.wait * 1000
  for (;;) {
    const wait = Math.max(0, Math.ceil((until - Date.now()) / 1000))
    try {
      const ended = await watchOnce(server, request, { key, wait }, (event) => tell(event, told, terminal))
      if (ended !== undefined) return end(ended, terminal)
    } catch (error) {
      if (error instanceof ClientError) throw error
      if (terminal.signal.aborted) throw new ClientError('Stopped. The deploy goes on.', exitCodes.stillRunning)
    }
    if (wait === 0) return exitCodes.stillRunning
    terminal.printError('The connection broke; asking again.')
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
  if (wait === 0) return resultEvent.parse(await answer.json())
  const events = answer.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of events ?? []) {
    if (event === 'deploy') onDeploy(deployEvent.parse(JSON.parse(data)))
    if (event === 'result') return resultEvent.parse(JSON.parse(data))
  }
  return undefined
}

function tell(event: DeployEvent, told: Map<string, DeployEvent>, { print }: Pick<Terminal, 'print'>): void {
  const before = told.get(event.id)
  for (const line of progressLines(before && progressOf(before), progressOf(event))) print(line)
  told.set(event.id, event)
}

function progressOf({ id, reason, approvals, fleetProblem, ...rest }: DeployEvent) {
  return {
    ...rest,
    deploy: id,
    ...(reason === null ? {} : { reason }),
    ...(fleetProblem ? { fleetProblem } : {}),
    ...(approvals ? { approvals, approved: approvals.given } : {}),
    ...(approvals?.askedAnew ? { askedAnew: { ...approvals.askedAnew, at: Date.parse(approvals.askedAnew.at) } } : {}),
  }
}

function end({ message, deploys }: z.infer<typeof resultEvent>, { print }: Pick<Terminal, 'print'>): number {
  print(message)
  const phases: readonly Phase[] = deploys.map(({ phase }) => phase)
  for (const { id, url, phase } of deploys) {
    print(`  ${url}`)
    if (phase === 'gated') print(`  Somebody else approves it: wheelhouse approve ${id}`)
  }
  return exitCodeOf(phases)
}
