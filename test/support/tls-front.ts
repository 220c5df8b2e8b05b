import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { createServer } from 'node:tls'
import { makeCertificate } from './certificates.ts'

/** TLS for a name, in front of a port of this machine that speaks without. */
export interface TlsFront extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
  /** What installers have to have in their environment to trust it. */
  readonly trusting: Readonly<Record<string, string>>
}

export async function startTlsFront(folder: string, name: string, toPort: number): Promise<TlsFront> {
  const { certificate, key } = await makeCertificate(folder, name)
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
    const inner = createConnection(toPort, '127.0.0.1')
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It listens on no port.')
  return {
    url: `https://${name}:${address.port}`,
    trusting: { SSL_CERT_FILE: certificate, REQUESTS_CA_BUNDLE: certificate },
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
