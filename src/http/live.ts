import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as written } from 'node:timers/promises'
import type { Context } from 'koa'
import type { Clock } from '../clock.ts'
import { progressLines } from '../deploy/progress-lines.ts'
import { isOver, type Rollout } from '../deploy/rollout/model.ts'
import type { SeenDeploy } from '../deploy/watch.ts'
import { deployView } from './deploy-view.ts'

/** `events`: server-sent events (WHATWG HTML 9.2). `lines`: plain text, a line whenever something happened. */
export type LiveForm = 'events' | 'lines'

/** Proxies cut connections on which nothing is heard, most of them after a minute. */
const silenceMilliseconds = 15_000

/**
 * What the client asked for by name. What curl says by itself is "anything", and gets one whole answer: its status is what
 * `curl -f` goes by, and a stream has to give it before it knows.
 */
export function liveFormOf(context: Context): LiveForm | undefined {
  const accept = context.get('Accept')
  if (/\btext\/event-stream\b/i.test(accept)) return 'events'
  return /^\s*text\/plain\s*(;|$)/i.test(accept) ? 'lines' : undefined
}

export interface Live {
  readonly seen: AsyncIterable<readonly SeenDeploy[]>
  readonly form: LiveForm
  readonly clock: Pick<Clock, 'monotonic'>
  readonly externalUrl: string
  /** Told first, as a line. */
  readonly message?: string
  /** Of each deploy only what came after this serial. */
  readonly after?: number
  /** Told last, as the result of the request. A status of 400 and more cuts lines short, so that curl ends with an error. */
  result?(seen: readonly SeenDeploy[]): { readonly status: number; readonly text: string; readonly json: object }
}

/** Answers with what happens while it happens. */
export function sendLive(context: Context, live: Live): void {
  context.type = live.form === 'events' ? 'text/event-stream' : 'text/plain; charset=utf-8'
  context.set({ 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' })
  context.vary('Accept')
  context.body = Readable.from(live.form === 'events' ? events(live) : lines(live, () => cut(context)), {
    objectMode: false,
  })
}

async function* events({ seen, clock, externalUrl, after = 0, result }: Live): AsyncGenerator<string> {
  const told = new Map<string, number>()
  let last: readonly SeenDeploy[] = []
  let quietSince = clock.monotonic()
  for await (last of seen) {
    for (const { rollout, serial } of last) {
      if (serial <= (told.get(rollout.deploy) ?? after)) continue
      told.set(rollout.deploy, serial)
      yield `id: ${serial}\nevent: deploy\ndata: ${JSON.stringify(deployView(rollout, externalUrl))}\n\n`
      quietSince = clock.monotonic()
    }
    if (clock.monotonic() - quietSince < silenceMilliseconds) continue
    yield ': still at it\n\n'
    quietSince = clock.monotonic()
  }
  const end = result?.(last)
  if (end !== undefined) yield `event: result\ndata: ${JSON.stringify({ status: end.status, ...end.json })}\n\n`
}

async function* lines({ seen, clock, message, result }: Live, cutShort: () => Promise<void>): AsyncGenerator<string> {
  if (message !== undefined) yield `${message}\n`
  const told = new Map<string, Rollout>()
  let last: readonly SeenDeploy[] = []
  let quietSince = clock.monotonic()
  for await (last of seen) {
    const news = last.flatMap(({ rollout }) => progressLines(told.get(rollout.deploy), rollout))
    for (const { rollout } of last) told.set(rollout.deploy, rollout)
    if (news.length > 0) yield `${news.join('\n')}\n`
    else if (clock.monotonic() - quietSince < silenceMilliseconds) continue
    else yield stillOn(last)
    quietSince = clock.monotonic()
  }
  const end = result?.(last)
  if (end === undefined) return
  yield `${end.text}\n`
  if (end.status >= 400) await cutShort()
}

function stillOn(seen: readonly SeenDeploy[]): string {
  const open = seen.filter(({ rollout, concluding }) => concluding || !isOver(rollout.phase))
  return open.map((one) => `  ${one.rollout.deploy}: still ${doing(one)}\n`).join('')
}

function doing({ rollout, concluding }: SeenDeploy): string {
  return concluding ? 'to be noted as over' : rollout.phase.replace('_', ' ')
}

/** The status was given before the end was known. An answer without its end is an error to every client: curl's is 18. */
async function cut({ res }: Context): Promise<void> {
  await written()
  const closed = once(res, 'close')
  res.socket?.destroySoon()
  await closed
}
