import type { IncomingMessage, Server } from 'node:http'

const interval = 15_000

/**
 * Ends requests whose body arrives slower than `bytesPerSecond`, or is longer than any we take. It stands in place of
 * Node's `requestTimeout` of 300 s, which would end every large upload over a slow line however steadily it flows.
 * What arrives after a refusal counts too: the client may finish sending and read the answer, but not send for ever.
 */
export function enforceMinimumRate(server: Server, bytesPerSecond: number, maxBodyBytes: number): void {
  server.requestTimeout = 0
  const watch = (request: IncomingMessage) => {
    if (!hasBody(request)) return
    const { socket } = request
    const start = socket.bytesRead
    let before = start
    const timer = setInterval(() => {
      if (request.complete || socket.destroyed) return clearInterval(timer)
      const arrived = socket.bytesRead - before
      before = socket.bytesRead
      if (arrived < (bytesPerSecond * interval) / 1000 || before - start > maxBodyBytes) socket.destroy()
    }, interval)
    timer.unref()
    request.once('close', () => clearInterval(timer))
  }
  // Requests that ask before they send (`continue.ts`) come by an event of their own.
  server.on('request', watch).on('checkContinue', watch)
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}
