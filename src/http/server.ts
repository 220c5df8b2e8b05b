import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { DomainError } from '../errors.ts'
import { continueWhenRead } from './continue.ts'
import { enforceMinimumRate } from './minimum-rate.ts'
import { followTls, minVersion, readTls, type TlsFiles } from './tls.ts'

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly minimumBytesPerSecond: number
  readonly maxBodyBytes: number
  readonly tls?: TlsFiles
  /** Told what goes wrong beside any request. */
  readonly report: (error: unknown) => void
}

export interface Listening extends AsyncDisposable {
  readonly port: number
}

/** Serves what the listener answers. Disposing stops taking connections, lets running requests finish for ten seconds, then cuts them. */
export async function listen(listener: RequestListener, options: ListenOptions): Promise<Listening> {
  const { server, follower } = serverFor(listener, options)
  continueWhenRead(server, listener)
  server.keepAliveTimeout = 75_000
  server.headersTimeout = 80_000
  enforceMinimumRate(server, options.minimumBytesPerSecond, options.maxBodyBytes)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, options)))
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      follower?.[Symbol.dispose]()
      await close(server)
    },
  }
}

function serverFor(listener: RequestListener, { tls, report }: ListenOptions) {
  if (tls === undefined) return { server: createServer(listener), follower: undefined }
  const server = createTlsServer({ ...readTls(tls), minVersion }, listener)
  return { server, follower: followTls(server, tls, report) }
}

function cannotListen(error: NodeJS.ErrnoException, { host, port }: ListenOptions): DomainError {
  const why = error.code === 'EADDRINUSE' ? 'something else listens there already' : error.message
  const text = `Cannot listen on ${host}:${port}: ${why}. Choose another with PORT and HOST.`
  return new DomainError('configuration', text, {}, { cause: error })
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), 10_000)
  await closed
  clearTimeout(timer)
}
