import type { Context } from 'koa'

/** Aborted once the answer was sent, or nobody is there any more to read it. */
export function clientGone({ res }: Context): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  return gone.signal
}
