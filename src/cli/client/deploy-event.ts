import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import type { Progress } from '../../deploy/progress-lines.ts'
import { phases, rolloutSchema } from '../../deploy/rollout/model.ts'
import { exitCodes } from './exit-codes.ts'
import { ClientError } from './server.ts'

const approvalsShown = z.object({
  needed: z.number(),
  expireHours: z.number(),
  given: z.array(
    z.object({ by: z.string(), account: z.string().optional(), at: z.string(), reason: z.string().optional() }),
  ),
  askedAnew: z.object({ at: z.string(), reason: z.string() }).nullish(),
})

/** What a command takes of a deploy as the server shows it. */
export const deployEvent = rolloutSchema
  .pick({ project: true, version: true, service: true, phase: true, nodes: true })
  .extend({
    id: z.string(),
    url: z.string(),
    reason: z.string().nullable(),
    pausedIn: z.enum(phases).nullish(),
    approvals: approvalsShown.nullish(),
    fleetProblem: z.string().nullish(),
    verified: z.string().nullish(),
  })

export type DeployEvent = z.infer<typeof deployEvent>

/** Rejects with `ClientError` where the server, or whatever stands before it, says something else. */
export function understood<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    const said = 'What the server answers is not understood. Is this command as new as the server?'
    throw new ClientError(said, exitCodes.failed, { cause })
  }
}

/** The server-sent events of an answer. Rejects with whatever `fetch` gives where the connection breaks. */
export async function* eventsOf({ body }: Response) {
  yield* body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()) ?? []
}

export function progressOf({
  id,
  reason,
  pausedIn,
  approvals,
  fleetProblem,
  verified,
  ...rest
}: DeployEvent): Progress {
  return {
    ...rest,
    deploy: id,
    ...(verified === 'process' || verified === 'files' ? { verifies: verified } : {}),
    ...(reason === null ? {} : { reason }),
    ...(pausedIn ? { paused: { from: pausedIn, reason: reason ?? '', failure: false } } : {}),
    ...(fleetProblem ? { fleetProblem } : {}),
    ...(approvals ? { approvals, approved: approvals.given } : {}),
    ...(approvals?.askedAnew ? { askedAnew: { ...approvals.askedAnew, at: Date.parse(approvals.askedAnew.at) } } : {}),
  }
}
