import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { withFreePort } from './free-port.ts'

/**
 * What becomes of a request to S3. `lost-answer`: it is carried out, and the connection is cut in place of the answer.
 * `half-answer`: cut in the middle of it. `cut`: before anybody read the request. `stall`: nobody ever answers.
 */
export type RequestFate = 'fine' | 'unavailable' | 'slow-down' | 'cut' | 'lost-answer' | 'half-answer' | 'stall'

export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string
  /** For all requests from now on. */
  meet(fate: (method: string, path: string) => RequestFate): void
  /** How many requests met with each fate. */
  counts(): Readonly<Partial<Record<RequestFate, number>>>
}

/** Stands in front of a real S3 server. The Host header goes on as it came, as signatures cover it. */
export async function startFaultProxy(s3Endpoint: string): Promise<FaultProxy> {
  const target = Number(new URL(s3Endpoint).port)
  const counts: Partial<Record<RequestFate, number>> = {}
  let fateOf: (method: string, path: string) => RequestFate = () => 'fine'
  const server = createServer((incoming, answer) => {
    const fate = fateOf(incoming.method ?? '', incoming.url ?? '')
    counts[fate] = (counts[fate] ?? 0) + 1
    incoming.on('error', () => undefined)
    if (fate === 'cut') return void incoming.socket.destroy()
    if (fate === 'stall') return void incoming.resume()
    if (fate === 'unavailable') return refuse(incoming, answer, 'ServiceUnavailable')
    if (fate === 'slow-down') return refuse(incoming, answer, 'SlowDown')
    forward(target, incoming, answer, fate)
  })
  const port = await withFreePort(
    (free) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject).listen(free, '127.0.0.1', () => resolve(free))
      }),
  )
  return {
    endpoint: `http://127.0.0.1:${port}`,
    meet: (fate) => {
      fateOf = fate
    },
    counts: () => counts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function refuse(incoming: IncomingMessage, answer: ServerResponse, code: string): void {
  incoming.resume().on('end', () => {
    answer.writeHead(503, { 'content-type': 'application/xml' })
    answer.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Please reduce your request rate.</Message></Error>`,
    )
  })
}

function forward(port: number, incoming: IncomingMessage, answer: ServerResponse, fate: RequestFate): void {
  const { method, url, headers } = incoming
  const passed = request({ port, host: '127.0.0.1', method, path: url, headers }, (result) => {
    if (fate === 'lost-answer') return void result.resume().on('end', () => incoming.socket.destroy())
    answer.writeHead(result.statusCode ?? 502, result.headers)
    if (fate === 'half-answer') {
      answer.flushHeaders()
      return void result.once('data', (chunk: Buffer) => {
        answer.write(chunk.subarray(0, chunk.length >> 1), () => incoming.socket.destroy())
      })
    }
    result.pipe(answer)
  })
  passed.on('error', () => incoming.socket.destroy())
  answer.on('close', () => answer.writableFinished || passed.destroy())
  incoming.pipe(passed)
}

/** Fates at random: each of the given ones in so many of a hundred requests. The same seed gives the same fates. */
export function randomFates(seed: number, percent: Readonly<Partial<Record<RequestFate, number>>>): () => RequestFate {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    let at = (state / 2 ** 32) * 100
    for (const [fate, share] of Object.entries(percent)) {
      at -= share
      if (at < 0) return fate as RequestFate
    }
    return 'fine'
  }
}
