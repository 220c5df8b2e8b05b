import type { RequestListener, Server } from 'node:http'

/**
 * `Expect: 100-continue` (RFC 9110 10.1.1): the client asks before it sends a body. It is told to go on when somebody
 * begins to read; who is refused before that (a bad token, a declared length) never sends the body at all.
 */
export function continueWhenRead(server: Server, listener: RequestListener): void {
  server.on('checkContinue', (request, response) => {
    request.once('resume', () => {
      if (!response.headersSent && !response.writableEnded) response.writeContinue()
    })
    listener(request, response)
  })
}
